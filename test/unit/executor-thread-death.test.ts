import { describe, expect, test } from 'vitest';

import type { FromItem, ItemWork } from '../../src/domain/work.ts';
import { reportNotRun } from '../../src/executor/not-run.ts';
import { createProgress } from '../../src/executor/thread-death.ts';

function work(tasks?: number): ItemWork {
  const common = { table: 'T', step: 's', itemId: 'i', taskId: 'x', gen: 'g', fence: 3, attempt: 1, workerId: 'w' };
  const how = { script: 'a', shell: false, env: {}, graceMs: 0, cwd: 'worker', scratchRoot: '/s' } as const;
  const single = { ...common, ...how, logs: { spoolDir: '/p', inlineBytes: 1 } };
  if (tasks === undefined) return single;
  const list = Array.from({ length: tasks }, (_, index) => ({ index: index + 10, arg: '' }));
  return { ...single, nested: { mode: 'parallel', parallel: 2, tasks: list } };
}

function finished(nested: number, code: number): FromItem {
  const report = reportNotRun({ kind: 'spawn-failed', code: 'X', message: '' }, 0);
  return { type: 'finished', nested, report: { ...report, outcome: { kind: 'exited', code } } };
}

describe('after the death of its thread', () => {
  test('a single item has failed to start', () => {
    const progress = createProgress(work());
    progress.note({ type: 'started', pid: 7 });
    const { reports, end } = progress.afterDeath(new Error('heap'));
    expect(reports).toEqual([]);
    expect(end).toMatchObject({
      type: 'single',
      report: { outcome: { kind: 'spawn-failed', code: 'THREAD_DIED', message: expect.stringContaining('heap') } },
    });
  });

  test('nested tasks count as they were reported, running ones have failed', () => {
    const progress = createProgress(work(5));
    for (const nested of [10, 11, 12]) progress.note({ type: 'started', pid: nested, nested });
    progress.note(finished(10, 0));
    progress.note(finished(11, 1));
    const { reports, end } = progress.afterDeath('gone');
    expect(reports.map(({ nested }) => nested)).toEqual([12]);
    expect(end).toMatchObject({ type: 'nested', done: 1, failed: 2, unfinished: 2 });
    expect(end).not.toHaveProperty('stopped');
  });

  test('with none running the next one has failed, so that a deadly item does not come back for ever', () => {
    const { reports, end } = createProgress(work(3)).afterDeath(new Error('at start'));
    expect(reports.map(({ nested }) => nested)).toEqual([10]);
    expect(end).toMatchObject({ done: 0, failed: 1, unfinished: 2 });
  });

  test('with nothing left to do none has failed', () => {
    const progress = createProgress(work(1));
    progress.note({ type: 'started', pid: 1, nested: 10 });
    progress.note(finished(10, 0));
    const { reports, end } = progress.afterDeath(new Error('late'));
    expect(reports).toEqual([]);
    expect(end).toMatchObject({ done: 1, failed: 0, unfinished: 0 });
  });
});
