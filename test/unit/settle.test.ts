import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/domain/item.ts';
import type { LogRef } from '../../src/domain/log-ref.ts';
import { causeOf, type Cause, type Outcome } from '../../src/domain/outcome.ts';
import { backoffMs, settle, type Settlement } from '../../src/domain/settle.ts';
import type { ItemEnd } from '../../src/domain/work.ts';

const NOW = 1_900_000_000_000;
const LOG: LogRef = { bytes: 0, lines: 0, sink: 'none', stderrTail: new Uint8Array(), results: [] };

function item(change: Partial<Item> = {}): Item {
  return {
    itemId: 'a',
    step: 'align',
    taskId: 'S1',
    script: 'true',
    gen: 'G',
    state: 'locked',
    fence: 5,
    endedFence: 4,
    priority: 0,
    maxAttempts: 1,
    attempts: 0,
    lost: 0,
    interrupted: 0,
    shell: false,
    nestedMode: 'parallel',
    importedAt: 0,
    ...change,
  };
}

function single(outcome: Outcome): ItemEnd {
  return { type: 'single', report: { outcome, startedAt: 0, endedAt: 1, log: LOG } };
}

type NestedEnd = ItemEnd & { type: 'nested' };
function nestedEnd(done: number, failed: number, unfinished: number, stopped?: NestedEnd['stopped']): ItemEnd {
  return { type: 'nested', startedAt: 0, endedAt: 1, done, failed, unfinished, ...(stopped && { stopped }) };
}

const FAILURES: readonly Outcome[] = [
  { kind: 'exited', code: 1 },
  { kind: 'exited', code: 255 },
  { kind: 'signalled', signal: 'SIGSEGV' },
  { kind: 'timed-out', afterMs: 1000 },
  { kind: 'silent-too-long', afterMs: 1000 },
  { kind: 'spawn-failed', code: 'ENOENT', message: 'no such program' },
  { kind: 'spawn-failed', code: 'EACCES', message: 'not executable' },
  { kind: 'out-of-memory' },
  { kind: 'disk-limit' },
];
const GIVEN_BACK: readonly Outcome[] = [{ kind: 'interrupted' }, { kind: 'lost-lease' }];
const HOST_TROUBLE: readonly Outcome[] = [
  ...['ENOMEM', 'EAGAIN', 'EMFILE', 'ENFILE', 'ENOSPC', 'EXECUTOR'].map((code): Outcome => ({
    kind: 'spawn-failed',
    code,
    message: 'the host',
  })),
];

/** attempts and max attempts before the run, and whether the failed run is the last one. */
const ATTEMPTS = [
  { attempts: 0, maxAttempts: 1, last: true },
  { attempts: 0, maxAttempts: 2, last: false },
  { attempts: 1, maxAttempts: 2, last: true },
  { attempts: 3, maxAttempts: 10, last: false },
  // The limit was lowered meanwhile.
  { attempts: 5, maxAttempts: 2, last: true },
];

describe('a single item', () => {
  test('that exits with 0 is done, also in its last attempt, and its counters stay', () => {
    const settled = settle(
      item({ attempts: 2, maxAttempts: 3, interrupted: 4 }),
      single({ kind: 'exited', code: 0 }),
      NOW,
      0,
    );
    expect(settled).toEqual({ state: 'done', outcome: { kind: 'exited', code: 0 }, attempts: 2, interrupted: 4 });
  });

  test.each(FAILURES.flatMap((outcome) => ATTEMPTS.map((counts) => ({ outcome, ...counts }))))(
    'fails one attempt: $outcome after $attempts of $maxAttempts',
    ({ outcome, attempts, maxAttempts, last }) => {
      const settled = settle(item({ attempts, maxAttempts, interrupted: 1 }), single(outcome), NOW, 0.5);
      expect(settled).toMatchObject({ outcome, attempts: attempts + 1, interrupted: 1 });
      expect(settled.state).toBe(last ? 'failed' : 'waiting');
      expect('dueAt' in settled).toBe(!last);
    },
  );

  test.each(GIVEN_BACK.flatMap((outcome) => ATTEMPTS.map((counts) => ({ outcome, ...counts }))))(
    'goes back without a failed attempt: $outcome after $attempts of $maxAttempts',
    ({ outcome, attempts, maxAttempts }) => {
      const settled = settle(item({ attempts, maxAttempts, interrupted: 2 }), single(outcome), NOW, 0.5);
      expect(settled).toEqual({ state: 'todo', outcome, attempts, interrupted: 3 });
    },
  );

  test.each(HOST_TROUBLE)(
    'comes back later, without a failed attempt, when the host was at fault: $code',
    (outcome) => {
      const settled = settle(item({ interrupted: 2 }), single(outcome), NOW, 0);
      expect(settled).toEqual({ state: 'waiting', outcome, attempts: 0, interrupted: 3, dueAt: NOW + backoffMs(3, 0) });
    },
  );

  test('that was cancelled is failed, whatever attempts it has left', () => {
    const settled = settle(item({ maxAttempts: 9 }), single({ kind: 'cancelled' }), NOW, 0);
    expect(settled).toEqual({ state: 'failed', outcome: { kind: 'cancelled' }, attempts: 0, interrupted: 0 });
  });
});

interface NestedCase {
  readonly what: string;
  readonly before: readonly [total: number, done: number, failed: number];
  readonly end: ItemEnd;
  readonly maxAttempts?: number;
  readonly state: Settlement['state'];
  readonly cause: Cause;
  readonly after: readonly [total: number, done: number, failed: number];
  readonly attempts: number;
  readonly interrupted: number;
}

const NESTED: readonly NestedCase[] = [
  row('all done', [4, 0, 0], nestedEnd(4, 0, 0), 'done', 'ok', [4, 4, 0], 0, 0),
  row('the rest done', [4, 3, 1], nestedEnd(1, 0, 0), 'done', 'ok', [4, 4, 0], 0, 0),
  row('nothing left to do', [4, 4, 0], nestedEnd(0, 0, 0), 'done', 'ok', [4, 4, 0], 0, 0),
  row('one failed', [4, 0, 0], nestedEnd(3, 1, 0), 'failed', 'nested-failed', [4, 3, 1], 1, 0),
  row('one failed again', [4, 2, 2], nestedEnd(1, 1, 0), 'failed', 'nested-failed', [4, 3, 1], 1, 0),
  row('one failed, more attempts', [4, 0, 0], nestedEnd(3, 1, 0), 'waiting', 'nested-failed', [4, 3, 1], 1, 0, 2),
  row('sequence that ended at its failure', [4, 0, 0], nestedEnd(1, 1, 2), 'failed', 'nested-failed', [4, 1, 1], 1, 0),
  row('interrupted', [4, 1, 0], nestedEnd(1, 0, 2, 'interrupted'), 'todo', 'interrupted', [4, 2, 0], 0, 1),
  row(
    'interrupted after a failure',
    [4, 0, 0],
    nestedEnd(1, 1, 2, 'interrupted'),
    'todo',
    'nested-failed',
    [4, 1, 1],
    0,
    1,
  ),
  row('lost its lease', [4, 0, 0], nestedEnd(0, 0, 4, 'lost-lease'), 'todo', 'interrupted', [4, 0, 0], 0, 1),
  row(
    'its thread ran out of memory',
    [2, 0, 0],
    nestedEnd(0, 0, 2, 'out-of-memory'),
    'todo',
    'interrupted',
    [2, 0, 0],
    0,
    1,
  ),
  row('cancelled', [4, 0, 0], nestedEnd(2, 0, 2, 'cancelled'), 'failed', 'cancelled', [4, 2, 0], 0, 0, 5),
];

function row(
  what: string,
  before: NestedCase['before'],
  end: ItemEnd,
  state: Settlement['state'],
  cause: Cause,
  after: NestedCase['after'],
  attempts: number,
  interrupted: number,
  maxAttempts = 1,
): NestedCase {
  return { what, before, end, state, cause, after, attempts, interrupted, maxAttempts };
}

describe('an item with nested tasks', () => {
  test.each(NESTED)('$what', ({ before, end, maxAttempts = 1, state, cause, after, attempts, interrupted }) => {
    const [total, done, failed] = before;
    const settled = settle(item({ maxAttempts, nested: { total, done, failed } }), end, NOW, 0.5);
    expect(settled).toMatchObject({ state, attempts, interrupted });
    expect(causeOf(settled.outcome)).toBe(cause);
    expect(settled.nested).toEqual({ total: after[0], done: after[1], failed: after[2] });
  });

  test('whose thread died goes back, and its counters are left alone', () => {
    const outcome: Outcome = { kind: 'spawn-failed', code: 'EXECUTOR', message: 'the thread died' };
    const settled = settle(item({ nested: { total: 4, done: 2, failed: 0 } }), single(outcome), NOW, 0);
    expect(settled).toEqual({ state: 'waiting', outcome, attempts: 0, interrupted: 1, dueAt: NOW + backoffMs(1, 0) });
  });

  test('counters never contradict one another, over any number of runs', () => {
    const runs = fc.array(fc.record({ done: fc.nat(9), failed: fc.nat(9), stop: fc.boolean() }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), runs, (total, plan) => {
        let now = item({ maxAttempts: 99, nested: { total, done: 0, failed: 0 } });
        let reallyDone = 0;
        for (const { done, failed, stop } of plan) {
          const left = total - reallyDone;
          const doneNow = Math.min(done, left);
          const failedNow = Math.min(failed, left - doneNow);
          const rest = left - doneNow - failedNow;
          const settled = settle(
            now,
            nestedEnd(doneNow, failedNow, rest, stop && rest > 0 ? 'interrupted' : undefined),
            NOW,
            0,
          );
          reallyDone += doneNow;
          expect(settled.nested).toEqual({ total, done: reallyDone, failed: failedNow });
          expect(settled.state === 'done').toBe(reallyDone === total);
          now = item({ ...now, nested: settled.nested ?? { total, done: 0, failed: 0 } });
        }
      }),
    );
  });
});

describe('backoff', () => {
  test('grows from 30 s to an hour, at least half of it fixed', () => {
    const full = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600].map((s) => s * 1000);
    expect(full.map((_, i) => backoffMs(i + 1, 0))).toEqual(full.map((ms) => ms / 2));
    expect(full.map((_, i) => backoffMs(i + 1, 0.999_999_9))).toEqual(full);
  });

  test('of a waiting item lies in its range, for any attempt and random number', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(2000), random, (attempts, r) => {
        const failing = item({ attempts, maxAttempts: attempts + 2 });
        const { dueAt = 0, state } = settle(failing, single({ kind: 'exited', code: 1 }), NOW, r);
        const full = Math.min(3_600_000, 30_000 * 2 ** attempts);
        expect(state).toBe('waiting');
        expect(Number.isInteger(dueAt)).toBe(true);
        expect(dueAt - NOW).toBeGreaterThanOrEqual(full / 2);
        expect(dueAt - NOW).toBeLessThanOrEqual(full);
      }),
    );
  });
});
