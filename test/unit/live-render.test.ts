import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createFinishedLines } from '../../src/cli/live/finished.ts';
import { bar, elapsed, joinLine, plain } from '../../src/cli/live/line.ts';
import { render } from '../../src/cli/live/render.ts';
import { createState, reduce, takeTotals } from '../../src/cli/live/state.ts';
import type { LiveState } from '../../src/cli/live/state.ts';
import { summaryLines } from '../../src/cli/live/summary.ts';
import { displayWidth } from '../../src/cli/live/text.ts';
import type { WorkerEvent } from '../../src/domain/event.ts';
import type { Outcome } from '../../src/domain/outcome.ts';

function worker(
  items: number,
  steps: readonly string[] = ['align', 'qc'],
  idOf = (n: number) => `Sample${n}`,
): LiveState {
  const state = createState(0);
  reduce(state, { at: 0, type: 'worker-started', workerId: '3f2a9c12-77', table: 'demo', slots: 4, nests: 2, steps });
  for (let n = 0; n < items; n += 1) {
    const nestedTotal = n % 2 === 0 ? 0 : 12;
    const step = steps[n % steps.length] ?? 'align';
    const item = { at: n * 1000, step, itemId: idOf(n) };
    reduce(state, { ...item, type: 'item-claimed', taskId: 't', fence: 1, nestedTotal, nestedDone: nestedTotal / 4 });
    reduce(state, { ...item, type: 'child-started', pid: 1000 + n });
  }
  return state;
}

function countsOf(todo: number, locked: number, done: number, failed: number) {
  const states = { todo, waiting: 0, blocked: 0, locked, done, failed, held: 0 };
  return { steps: [{ step: 'align', paused: false, states, total: todo + locked + done + failed }] };
}

describe('render', () => {
  test('one line for the worker, one per step, one per running item', () => {
    const state = worker(2);
    takeTotals(state, countsOf(385, 3, 608, 4));
    expect(render(state, 100, 24, 82_000)).toEqual([
      'anamo demo  worker 3f2a9c1…  2/4 slots  1:22',
      'align █████▓░░░░ 612/1000  608 done  4 failed  0/min  3 running  385 todo',
      'qc    0 done  0 failed  0/min  1 running',
      '  align Sample0          1:22  pid 1000',
      '  qc    Sample1          1:21  █░░░░ 3/12  pid 1001',
    ]);
  });

  test('adds to the counts of the table what this worker did since', () => {
    const state = worker(1);
    takeTotals(state, countsOf(6, 2, 2, 0));
    const outcome: Outcome = { kind: 'exited', code: 0 };
    const end = { step: 'align', itemId: 'Sample0', state: 'done', cause: 'ok', outcome, durationMs: 1 } as const;
    reduce(state, { at: 1000, type: 'item-finished', ...end });
    expect(render(state, 100, 24, 1000)[1]).toBe('align ███░░░░░░░ 3/10  3 done  0 failed  6.0/min  1 running  6 todo');
  });

  test('nothing running, nothing known', () => {
    expect(render(createState(0), 80, 24, 5000)).toEqual(['anamo 0:05']);
  });

  test('says why it stops and what the table does not answer, as long as that lasts', () => {
    const state = worker(0, []);
    reduce(state, { at: 0, type: 'store-trouble', operation: 'finish', message: 'timed out', retryInMs: 8000 });
    reduce(state, { at: 0, type: 'worker-stopping', workerId: 'w', reason: 'sigint' });
    expect(render(state, 80, 24, 7000)).toEqual([
      'anamo demo  worker 3f2a9c1…  0/4 slots  0:07  stopping: Ctrl-C',
      '! finish: timed out',
    ]);
    expect(render(state, 80, 24, 9000)).toHaveLength(1);
  });

  test('300 items and 100 steps leave a quarter of the terminal free and count what is missing', () => {
    const lines = render(worker(300), 80, 24, 1e6);
    expect(lines).toHaveLength(18);
    expect(lines.at(-1)).toBe('  … and 286 more');
    const steps = Array.from({ length: 100 }, (_, n) => `step${n}`);
    const both = render(worker(300, steps), 80, 24, 1e6);
    expect(both).toHaveLength(18);
    expect(both.filter((line) => line.includes('more'))).toEqual(['  … and 92 more steps', '  … and 293 more']);
  });

  test.each([
    [80, 1, 0],
    [80, 2, 1],
    [80, 3, 2],
    [80, 4, 3],
    [80, 11, 10],
    [20, 24, 18],
    [1, 24, 18],
  ])('on a terminal of %d x %d it draws %d lines', (width, height, count) => {
    expect(render(worker(300), width, height, 1e6)).toHaveLength(count);
  });

  test('no line ever reaches the last column, none is one too many, whatever the ids', () => {
    const id = fc.string({ unit: 'binary', maxLength: 30 });
    const sizes = fc.record({ width: fc.integer({ min: 1, max: 150 }), height: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 8 }), sizes, (ids, { width, height }) => {
        const state = worker(ids.length, ['align', '步骤'], (n) => `${ids[n]}${n}`);
        takeTotals(state, countsOf(1, 1, 3, 2));
        const lines = render(state, width, height, 1e5);
        expect(lines.length).toBeLessThan(height);
        for (const line of lines) expect(displayWidth(line)).toBeLessThan(width);
      }),
    );
  });

  test('colours do not change the text', () => {
    const state = worker(20);
    takeTotals(state, countsOf(5, 5, 5, 5));
    const marked = render(state, 61, 24, 1e5, (style, text) => `<${style}:${text}>`);
    expect(marked.map((line) => line.replaceAll(/<[a-z]+:([^>]*)>/g, '$1'))).toEqual(render(state, 61, 24, 1e5));
    expect(marked[1]).toContain('<cyan:align>');
  });
});

test.each([
  [0, 0, 10, '░░░░░░░░░░'],
  [999, 0, 1000, '█████████░'],
  [10, 0, 10, '██████████'],
  [5, 5, 10, '█████▓▓▓▓▓'],
  [99, 1, 100, '█████████▓'],
  [1, 99, 100, '█▓▓▓▓▓▓▓▓▓'],
  [0, 10, 10, '▓▓▓▓▓▓▓▓▓▓'],
  [12, 0, 10, '██████████'],
  [0, 0, 0, ''],
])('bar of %d done and %d failed of %d', (done, failed, total, cells) => {
  expect(joinLine(bar(done, failed, total, 10), 10, plain)).toBe(cells);
});

test.each([
  [-5, '0:00'],
  [59_999, '0:59'],
  [60_000, '1:00'],
  [3_599_000, '59:59'],
  [3_600_000, '1:00:00'],
  [180_000_000, '50:00:00'],
])('elapsed(%d) is %s', (ms, text) => {
  expect(elapsed(ms)).toBe(text);
});

type Ended = readonly [state: 'done' | 'failed' | 'waiting' | 'todo', cause: 'ok' | 'exit-code' | 'interrupted'];

function ended(itemId: string, ...[state, cause]: Ended): WorkerEvent {
  const outcome: Outcome = cause === 'interrupted' ? { kind: cause } : { kind: 'exited', code: cause === 'ok' ? 0 : 2 };
  return { at: 0, type: 'item-finished', step: 'align', itemId, state, cause, outcome, durationMs: 82_000 };
}

describe('lines that stay', () => {
  test('one for each end, in their order, clean', () => {
    const finished = createFinishedLines(plain, 0);
    finished.onEvent(ended('Sample1', 'done', 'ok'));
    finished.onEvent(ended('Sample3\u001b[2J', 'failed', 'exit-code'));
    finished.onEvent(ended('Sample4', 'waiting', 'exit-code'));
    finished.onEvent(ended('Sample5', 'todo', 'interrupted'));
    finished.onEvent({ at: 0, type: 'item-fenced', step: 'align', itemId: 'Sample6', fence: 3 });
    const spawn: Outcome = { kind: 'spawn-failed', code: 'ENOENT', message: 'no\u0007 such\nprogram' };
    const nested = { step: 'align', itemId: 'Sample7', nested: 4, cause: 'spawn-failed', outcome: spawn } as const;
    finished.onEvent({ at: 0, type: 'nested-finished', ...nested, durationMs: 0 });
    finished.onEvent({ at: 0, type: 'poll-empty' });
    expect(finished.take(1)).toEqual([
      '✓ align Sample1  1:22',
      '✗ align Sample3 exit-code: exited with 2  1:22',
      '✗ align Sample4 exit-code: exited with 2, to be tried again  1:22',
      '↩ align Sample5 given back: the worker was told to stop',
      '✗ align Sample6 fenced: another worker has it by now',
      '✗ align Sample7 Task_4 spawn-failed: no such program  0:00',
    ]);
    expect(finished.take(2)).toEqual([]);
  });

  test('what comes too fast to be read is counted, once a second, and the failures among it come first', () => {
    const finished = createFinishedLines(plain, 0);
    for (let n = 0; n < 5000; n += 1) finished.onEvent(ended(`S${n}`, 'done', 'ok'));
    for (let n = 0; n < 60; n += 1) finished.onEvent(ended(`F${n}`, 'failed', 'exit-code'));
    const first = finished.take(100);
    expect(first).toHaveLength(50);
    expect(first.filter((line) => line.startsWith('✗'))).toHaveLength(40);
    finished.onEvent(ended('S5000', 'done', 'ok'));
    expect(finished.take(999)).toEqual([]);
    expect(finished.take(1000)).toEqual(['✓ 4991 more done', '✗ 20 more not done']);
    finished.onEvent(ended('S5001', 'done', 'ok'));
    expect(finished.take(1100)).toEqual(['✓ align S5001  1:22']);
  });

  test('the end does not swallow the counts of its second', () => {
    const finished = createFinishedLines(plain, 0);
    for (let n = 0; n < 12; n += 1) finished.onEvent(ended(`S${n}`, 'done', 'ok'));
    expect(finished.take(10, true).at(-1)).toBe('✓ 2 more done');
  });
});

test.each([
  [
    { done: 1200, failed: 3, retried: 0, givenBack: 0, fenced: 0, nestedDone: 0, nestedFailed: 0, reason: 'idle' },
    ['items done    1200', 'items failed     3', 'ended: nothing left to claim'],
  ],
  [
    { done: 0, failed: 0, retried: 2, givenBack: 1, fenced: 1, nestedDone: 7, nestedFailed: 0, reason: 'sigint' },
    [
      'items done                             0',
      'items failed                           0',
      'failed, to be tried again              2',
      'items given back                       1',
      'refused: taken over by another worker  1',
      'nested tasks done                      7',
      'nested tasks failed                    0',
      'ended: Ctrl-C',
    ],
  ],
] as const)('summary %#', (summary, lines) => {
  expect(summaryLines(summary)).toEqual(lines);
});
