/**
 * What becomes of an item when a run of it has ended (rule R9, as far as leases are not needed). Pure: the time and the
 * random number are handed in.
 */
import type { Item, NestedCounts } from './item.ts';
import { causeOf, type Outcome } from './outcome.ts';
import type { ItemEnd } from './work.ts';

export interface Settlement {
  readonly state: 'done' | 'failed' | 'todo' | 'waiting';
  readonly outcome: Outcome;
  readonly attempts: number;
  readonly interrupted: number;
  readonly nested?: NestedCounts;
  /** Epoch ms, for `waiting`. */
  readonly dueAt?: number;
}

const FIRST_BACKOFF_MS = 30_000;
const LONGEST_BACKOFF_MS = 3_600_000;

/** Causes that are the host's fault: no failed attempt, the item counts as interrupted and comes back later. */
const HOST_CODES = new Set(['ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOSPC', 'EXECUTOR']);

/** Exponential with jitter: half of it fixed, half random. `failed` is the number of failed attempts, from 1; `random` in [0, 1). */
export function backoffMs(failed: number, random: number): number {
  const full = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failed - 1, 20));
  return Math.round(full / 2 + (full / 2) * random);
}

export function settle(item: Item, end: ItemEnd, now: number, random: number): Settlement {
  const outcome = outcomeOf(item, end);
  const nested = end.type === 'nested' ? nestedAfter(item, end) : undefined;
  const base = {
    outcome,
    attempts: item.attempts,
    interrupted: item.interrupted,
    ...(nested === undefined ? {} : { nested }),
  };
  const interrupted = item.interrupted + 1;
  // Not at once: a host in trouble, or an item that brings it about, would go round and round.
  if (isHostTrouble(outcome))
    return { ...base, state: 'waiting', interrupted, dueAt: now + backoffMs(interrupted, random) };
  if (goesBack(outcome, end)) return { ...base, state: 'todo', interrupted };
  const cause = causeOf(outcome);
  if (cause === 'ok') return { ...base, state: 'done' };
  if (cause === 'cancelled') return { ...base, state: 'failed' };
  const attempts = item.attempts + 1;
  if (attempts >= item.maxAttempts) return { ...base, state: 'failed', attempts };
  return { ...base, state: 'waiting', attempts, dueAt: now + backoffMs(attempts, random) };
}

function isHostTrouble(outcome: Outcome): boolean {
  return outcome.kind === 'spawn-failed' && HOST_CODES.has(outcome.code);
}

function goesBack(outcome: Outcome, end: ItemEnd): boolean {
  if (outcome.kind === 'interrupted' || outcome.kind === 'lost-lease') return true;
  return end.type === 'nested' && end.stopped !== undefined && end.stopped !== 'cancelled';
}

function outcomeOf(item: Item, end: ItemEnd): Outcome {
  if (end.type === 'single') return end.report.outcome;
  if (end.stopped === 'cancelled') return { kind: 'cancelled' };
  const { done, failed, total } = nestedAfter(item, end);
  return { kind: 'nested', done, failed, unfinished: total - done - failed };
}

/** Counts after this run: what was done before it stays done, what failed before was tried again. */
function nestedAfter(item: Item, end: ItemEnd & { type: 'nested' }): NestedCounts {
  const before = item.nested ?? { total: end.done + end.failed + end.unfinished, done: 0, failed: 0 };
  const earlierDone = before.total - (end.done + end.failed + end.unfinished);
  return { total: before.total, done: earlierDone + end.done, failed: end.failed };
}
