import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { countEnd, createRate, perMinute } from '../../src/cli/live/rate.ts';
import { createState, reduce, takeTotals } from '../../src/cli/live/state.ts';
import type { LiveState } from '../../src/cli/live/state.ts';
import type { WorkerEvent } from '../../src/domain/event.ts';
import { causeOf } from '../../src/domain/outcome.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { ITEM_STATES } from '../../src/domain/state.ts';
import type { ItemState } from '../../src/domain/state.ts';

const exited = (code: number): Outcome => ({ kind: 'exited', code });
const claim = (itemId: string, step = 'align', nestedTotal = 0, nestedDone = 0): WorkerEvent => ({
  at: 1000,
  type: 'item-claimed',
  step,
  itemId,
  taskId: 't',
  fence: 1,
  nestedTotal,
  nestedDone,
});
const finish = (itemId: string, state: ItemState, outcome: Outcome = exited(0), step = 'align'): WorkerEvent => ({
  at: 2000,
  type: 'item-finished',
  step,
  itemId,
  state,
  cause: causeOf(outcome),
  outcome,
  durationMs: 5,
});
const nested = (itemId: string, index: number, outcome: Outcome = exited(0)): WorkerEvent => ({
  at: 1500,
  type: 'nested-finished',
  step: 'align',
  itemId,
  nested: index,
  cause: causeOf(outcome),
  outcome,
  durationMs: 5,
});

function after(...events: readonly WorkerEvent[]): LiveState {
  const state = createState(0);
  for (const event of events) reduce(state, event);
  return state;
}

describe('reduce', () => {
  test.each<[string, WorkerEvent, object]>([
    ['done', finish('a', 'done'), { done: 1, failed: 0, running: 0 }],
    ['failed', finish('a', 'failed', exited(2)), { done: 0, failed: 1, running: 0 }],
    ['failed, retried later', finish('a', 'waiting', exited(2)), { failed: 0, retried: 1, running: 0 }],
    [
      'given back for its host',
      finish('a', 'todo', { kind: 'spawn-failed', code: 'ENOMEM', message: 'm' }),
      { givenBack: 1 },
    ],
    ['given back', finish('a', 'todo', { kind: 'interrupted' }), { retried: 0, givenBack: 1, running: 0 }],
    ['fenced', { at: 1, type: 'item-fenced', step: 'align', itemId: 'a', fence: 1 }, { fenced: 1, running: 0 }],
  ])('counts an item that ended %s', (_how, end, counts) => {
    const state = after(claim('a'), end);
    expect(state.steps.get('align')).toMatchObject(counts);
    expect(state.running.size).toBe(0);
  });

  test('follows nested tasks: those done before, done now, failed; interrupted ones are neither', () => {
    const state = after(
      claim('a', 'align', 10, 4),
      { at: 1, type: 'child-started', step: 'align', itemId: 'a', pid: 77, nested: 4 },
      { at: 1, type: 'child-started', step: 'align', itemId: 'a', pid: 78, nested: 5 },
      nested('a', 4),
      nested('a', 6, exited(1)),
      nested('a', 7, { kind: 'interrupted' }),
    );
    const item = state.running.get('a');
    expect(item).toMatchObject({ nestedTotal: 10, nestedDone: 5, nestedFailed: 1 });
    expect([...(item?.pids.values() ?? [])]).toEqual([78]);
  });

  test('shows strings of data only when clean', () => {
    const state = after(claim('a\u001b[2Jb', 's\u0007'), {
      at: 10,
      type: 'store-trouble',
      operation: 'finish',
      message: 'no\u001b[2J answer',
      retryInMs: 60_000,
    });
    expect(state.running.get('a\u001b[2Jb')).toMatchObject({ label: 'ab', stepLabel: 's' });
    expect(state.trouble).toEqual({ text: 'finish: no answer', until: 60_010 });
  });

  test('forgets all running items when the worker stopped', () => {
    const summary = { done: 0, failed: 0, retried: 0, givenBack: 2, fenced: 0, nestedDone: 0, nestedFailed: 0 };
    const state = after(claim('a'), claim('b', 'qc'), {
      at: 9,
      type: 'worker-stopped',
      workerId: 'w',
      summary: { ...summary, reason: 'sigint' },
    });
    expect(state.running.size).toBe(0);
    expect([...state.steps.values()].map((step) => step.running)).toEqual([0, 0]);
    expect(state.stopping).toBe('sigint');
  });

  test('keeps what the worker itself had done at the time of a count', () => {
    const state = after(claim('a'), finish('a', 'done'), claim('b'));
    const states = { todo: 7, waiting: 0, blocked: 0, locked: 1, done: 2, failed: 0, held: 0 };
    takeTotals(state, { steps: [{ step: 'align', paused: false, states, total: 10 }] });
    expect(state.steps.get('align')?.table).toEqual({
      states,
      total: 10,
      own: { done: 1, failed: 0, retried: 0, running: 1 },
    });
  });
});

const itemId = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step = fc.constantFrom('align', 'qc');
const outcome = fc.constantFrom<Outcome>(
  exited(0),
  exited(1),
  { kind: 'interrupted' },
  { kind: 'signalled', signal: 'SIGKILL' },
);
const at = fc.integer({ min: -5, max: 1_000_000 });
// In any order, also those that no sane worker emits: ends without claims, claims twice, other steps.
const anyEvent = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ itemId, step, at }).map((r) => ({ ...claim(r.itemId, r.step, 3, 1), at: r.at })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ itemId, step, at, outcome, state: fc.constantFrom(...ITEM_STATES) })
      .map((r) => ({ ...finish(r.itemId, r.state, r.outcome, r.step), at: r.at })),
  },
  fc.record({ itemId, outcome, index: fc.nat(3) }).map((r) => nested(r.itemId, r.index, r.outcome)),
  fc
    .record({ itemId, step, pid: fc.nat(), nested: fc.nat(2), at })
    .map((r): WorkerEvent => ({ ...r, type: 'child-started' })),
  fc.record({ itemId, step, fence: fc.nat(), at }).map((r): WorkerEvent => ({ ...r, type: 'item-fenced' })),
);

test('after any events no counter is negative, running items add up, and every end is counted once', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 200 }), (events) => {
      const state = after(...events);
      const steps = [...state.steps.values()];
      const running = steps.reduce((sum, counts) => sum + counts.running, 0);
      expect(running).toBe(state.running.size);
      expect(state.running.size).toBeLessThanOrEqual(5);
      let ends = 0;
      for (const counts of steps) {
        for (const key of ['done', 'failed', 'retried', 'givenBack', 'fenced', 'running'] as const) {
          expect(counts[key]).toBeGreaterThanOrEqual(0);
        }
        ends += counts.done + counts.failed + counts.retried + counts.givenBack + counts.fenced;
      }
      expect(ends).toBe(events.filter(({ type }) => type === 'item-finished' || type === 'item-fenced').length);
      for (const item of state.running.values()) {
        expect(item.nestedDone + item.nestedFailed).toBeLessThanOrEqual(item.nestedTotal);
        expect(item.pids.size).toBeLessThanOrEqual(4);
      }
    }),
  );
});

describe('rate', () => {
  test('counts the last minute, whatever was before', () => {
    const rate = createRate(0);
    for (let second = 0; second < 600; second += 1) countEnd(rate, second * 1000);
    expect(perMinute(rate, 600_000)).toBeGreaterThanOrEqual(54);
    expect(perMinute(rate, 600_000)).toBeLessThanOrEqual(60);
    expect(perMinute(rate, 630_000)).toBeLessThan(35);
    expect(perMinute(rate, 700_000)).toBe(0);
    expect(rate.counts).toHaveLength(12);
  });

  test('does not promise much from the first second', () => {
    const rate = createRate(1000);
    countEnd(rate, 1100);
    expect(perMinute(rate, 1100)).toBe(6);
  });

  test('never says more than there was, for any clock', () => {
    const instants = fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 100 });
    fc.assert(
      fc.property(instants, fc.integer({ min: -1e6, max: 2e6 }), (ends, now) => {
        const rate = createRate(0);
        for (const end of ends) countEnd(rate, end);
        expect(perMinute(rate, now)).toBeGreaterThanOrEqual(0);
        expect(perMinute(rate, now)).toBeLessThanOrEqual(ends.length * 6);
      }),
    );
  });
});
