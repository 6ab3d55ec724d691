import type { RunSummary, StopReason, WorkerEvent } from '../../domain/event.ts';
import type { ItemState } from '../../domain/state.ts';
import type { TableStatus } from '../../library/types.ts';
import { countEnd, createRate } from './rate.ts';
import type { Rate } from './rate.ts';
import { cleanShort } from './text.ts';

/** What the live view knows: running items and counters, never the ended items, so it stays small. Strings are clean. */
export interface LiveState {
  /** Epoch ms. */
  readonly startedAt: number;
  worker: { readonly table: string; readonly workerId: string; readonly slots: number } | undefined;
  /** By the raw itemId, in the order of their claims. */
  readonly running: Map<string, RunningItem>;
  readonly steps: Map<string, StepCounts>;
  stopping: StopReason | undefined;
  summary: RunSummary | undefined;
  trouble: { readonly text: string; readonly until: number } | undefined;
}

export interface RunningItem {
  /** As in the event, to find its counters; `stepLabel` is the one to show. */
  readonly step: string;
  readonly stepLabel: string;
  readonly label: string;
  readonly claimedAt: number;
  readonly nestedTotal: number;
  nestedDone: number;
  nestedFailed: number;
  /** Process ids by nested index, -1 for the item's own command. */
  readonly pids: Map<number, number>;
}

/** What this worker did in one step, and what the table said last about all workers. */
export interface StepCounts {
  readonly label: string;
  done: number;
  failed: number;
  retried: number;
  givenBack: number;
  fenced: number;
  running: number;
  readonly rate: Rate;
  table: TableCounts | undefined;
}

/** Counts of the table at one moment, and this worker's own counts at that moment. */
export interface TableCounts {
  readonly states: Readonly<Record<ItemState, number>>;
  readonly total: number;
  readonly own: { readonly done: number; readonly failed: number; readonly retried: number; readonly running: number };
}

const OWN_PID = -1;
/** A note about store trouble stays at least so long, to be read. */
const TROUBLE_SHOWN_MS = 5000;

/** `startedAt`: epoch ms, on the clock of the events. */
export function createState(startedAt: number): LiveState {
  return {
    startedAt,
    worker: undefined,
    running: new Map(),
    steps: new Map(),
    stopping: undefined,
    summary: undefined,
    trouble: undefined,
  };
}

/** Takes one event into the state, in place: with hundreds of events a second a copy for each would cost more than drawing. */
export function reduce(state: LiveState, event: WorkerEvent): void {
  switch (event.type) {
    case 'worker-started':
      state.worker = { table: cleanShort(event.table), workerId: cleanShort(event.workerId), slots: event.slots };
      for (const step of event.steps) stepOf(state, step);
      return;
    case 'worker-stopping':
      state.stopping ??= event.reason;
      return;
    case 'worker-stopped':
      state.stopping ??= event.summary.reason;
      state.summary = event.summary;
      for (const itemId of state.running.keys()) forget(state, itemId);
      return;
    case 'item-claimed':
      claimed(state, event);
      return;
    case 'child-started':
      state.running.get(event.itemId)?.pids.set(event.nested ?? OWN_PID, event.pid);
      return;
    case 'nested-finished':
      nestedFinished(state, event);
      return;
    case 'item-finished':
      forget(state, event.itemId);
      countFinish(stepOf(state, event.step), event);
      return;
    case 'item-fenced':
      forget(state, event.itemId);
      stepOf(state, event.step).fenced += 1;
      return;
    case 'claim-unknown':
      noteTrouble(state, event.at, 'claim', event.message, 0);
      return;
    case 'store-trouble':
      noteTrouble(state, event.at, event.operation, event.message, event.retryInMs);
      return;
    case 'claim-conflict':
    case 'poll-empty':
    case 'item-promoted':
      return;
    default:
      impossible(event);
  }
}

/** Takes fresh counts of the table; what this worker does from here on is added to them until the next ones come. */
export function takeTotals(state: LiveState, status: Pick<TableStatus, 'steps'>): void {
  for (const { step, states, total } of status.steps) {
    const counts = stepOf(state, step);
    const { done, failed, retried, running } = counts;
    counts.table = { states, total, own: { done, failed, retried, running } };
  }
}

type Claimed = Extract<WorkerEvent, { type: 'item-claimed' }>;
type NestedFinished = Extract<WorkerEvent, { type: 'nested-finished' }>;
type Finished = Extract<WorkerEvent, { type: 'item-finished' }>;

function claimed(state: LiveState, event: Claimed): void {
  forget(state, event.itemId);
  const step = stepOf(state, event.step);
  step.running += 1;
  state.running.set(event.itemId, {
    step: event.step,
    stepLabel: step.label,
    label: cleanShort(event.itemId),
    claimedAt: event.at,
    nestedTotal: event.nestedTotal,
    nestedDone: Math.min(event.nestedDone, event.nestedTotal),
    nestedFailed: 0,
    pids: new Map(),
  });
}

function nestedFinished(state: LiveState, event: NestedFinished): void {
  const item = state.running.get(event.itemId);
  if (item === undefined) return;
  item.pids.delete(event.nested);
  if (event.cause === 'interrupted' || item.nestedDone + item.nestedFailed >= item.nestedTotal) return;
  if (event.cause === 'ok') item.nestedDone += 1;
  else item.nestedFailed += 1;
}

function countFinish(step: StepCounts, event: Finished): void {
  switch (event.state) {
    case 'done':
      step.done += 1;
      countEnd(step.rate, event.at);
      return;
    case 'failed':
      step.failed += 1;
      countEnd(step.rate, event.at);
      return;
    case 'waiting':
      step.retried += 1;
      return;
    case 'todo':
    case 'blocked':
    case 'held':
    case 'locked':
      step.givenBack += 1;
      return;
    default:
      impossible(event.state);
  }
}

/** Takes an item off the running ones; its step is the one it was claimed in, so that no counter goes below zero. */
function forget(state: LiveState, itemId: string): void {
  const item = state.running.get(itemId);
  if (item === undefined) return;
  state.running.delete(itemId);
  stepOf(state, item.step).running -= 1;
}

function stepOf(state: LiveState, step: string): StepCounts {
  const known = state.steps.get(step);
  if (known !== undefined) return known;
  const fresh: StepCounts = {
    label: cleanShort(step),
    done: 0,
    failed: 0,
    retried: 0,
    givenBack: 0,
    fenced: 0,
    running: 0,
    rate: createRate(state.startedAt),
    table: undefined,
  };
  state.steps.set(step, fresh);
  return fresh;
}

function noteTrouble(state: LiveState, at: number, operation: string, message: string, retryInMs: number): void {
  const text = `${cleanShort(operation)}: ${cleanShort(message)}`;
  state.trouble = { text, until: at + Math.max(TROUBLE_SHOWN_MS, retryInMs) };
}

function impossible(value: never): never {
  throw new TypeError(`unknown event or state: ${JSON.stringify(value)}`);
}
