import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { FromItem, ToItem } from '../../src/domain/work.ts';
import { createExecutor } from '../../src/executor/pool.ts';
import type { Executor } from '../../src/executor/pool.ts';
import { createRig, nestedOf, program, runToEnd, textOf } from '../support/executor-rig.ts';
import type { Rig } from '../support/executor-rig.ts';

let executor: Executor;
let rig: Rig;

beforeAll(() => {
  rig = createRig();
  executor = createExecutor({ slots: 2, threads: 1 });
});
afterAll(async () => {
  await executor.close();
  rig.close();
});

const numbers = (count: number): string[] => Array.from({ length: count }, (_, index) => String(index));

function finished(messages: readonly FromItem[]) {
  return messages.filter((message) => message.type === 'finished');
}

describe('parallel', () => {
  test.each([1, 3])('%i at once, never more, and all are run', async (parallel) => {
    const stamps = rig.folder();
    const work = rig.work({
      ...nestedOf(program('stamp.sh'), numbers(12), parallel, 'parallel'),
      env: { STAMPS: stamps, WAVE: String(parallel) },
    });
    const { end } = await runToEnd(executor, work);
    expect(end).toEqual(expect.objectContaining({ type: 'nested', done: 12, failed: 0, unfinished: 0 }));
    let running = 0;
    let most = 0;
    for (const line of readFileSync(join(stamps, 'log'), 'utf8').trim().split('\n')) {
      running += line.startsWith('start') ? 1 : -1;
      most = Math.max(most, running);
    }
    expect(most).toBe(parallel);
  });

  test('a failure does not keep the others from running', async () => {
    const work = rig.work({ ...nestedOf('exit {}', ['0', '1', '2', '0'], 2, 'parallel'), shell: true });
    const { end } = await runToEnd(executor, work);
    expect(end).toMatchObject({ done: 2, failed: 2, unfinished: 0 });
    expect(end).not.toHaveProperty('stopped');
  });

  test('each has its name and argument, and reports by its own index', async () => {
    const script = `printf '%s:%s' $ANAMO_NESTED_ID`;
    const work = rig.work({ ...nestedOf(script, [], 2, 'parallel') });
    const tasks = [
      { index: 7, arg: 'a b' },
      { index: 2, arg: '' },
    ];
    const single = { ...work, nested: { mode: 'parallel' as const, parallel: 2, tasks } };
    // $ANAMO_NESTED_ID is filled per task.
    const { messages } = await runToEnd(executor, single);
    const logs = finished(messages).map(({ nested, report }) => [nested, textOf(report.log)]);
    expect(Object.fromEntries(logs)).toEqual({ 7: 'Task_7:a b', 2: 'Task_2:' });
  });
});

describe('sequence', () => {
  test('runs in order, one at a time, and stops at the first failure', async () => {
    const work = rig.work({ ...nestedOf('exit {}', ['0', '0', '5', '0'], 4, 'sequence'), shell: true });
    const { end, messages } = await runToEnd(executor, work);
    expect(end).toMatchObject({ done: 2, failed: 1, unfinished: 1 });
    expect(end).not.toHaveProperty('stopped');
    expect(messages.map((message) => [message.type, message.nested])).toEqual([
      ['started', 0],
      ['finished', 0],
      ['started', 1],
      ['finished', 1],
      ['started', 2],
      ['finished', 2],
    ]);
  });
});

test('no more than 16 reports are ever unanswered, and answers let it go on', async () => {
  const work = rig.work(nestedOf('true', numbers(40), 4, 'parallel'));
  const waiting: (() => void)[] = [];
  let atLimit: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (atLimit = resolve));
  let most = 0;
  let answering = false;
  const item = executor.run(work, (message: FromItem, reply: (message: ToItem) => void) => {
    if (message.type !== 'finished') return;
    const answer = () => reply({ type: 'committed', nested: message.nested });
    if (answering) return answer();
    waiting.push(answer);
    most = Math.max(most, waiting.length);
    // Up to three more were running when the sixteenth was reported.
    if (most === 16) atLimit();
  });
  await reached;
  // Another item on the same thread runs from start to end meanwhile: the first had all the time to go on.
  await runToEnd(executor, rig.work(nestedOf('true', numbers(20), 1, 'parallel')));
  expect(waiting.length).toBeLessThanOrEqual(19);
  answering = true;
  for (const answer of waiting) answer();
  expect(await item.ended).toMatchObject({ done: 40, unfinished: 0 });
});

test('a stop while all reports are unanswered ends the item', async () => {
  let reports = 0;
  const item = executor.run(rig.work(nestedOf('true', numbers(40), 1, 'parallel')), (message) => {
    if (message.type === 'finished' && ++reports === 16) item.stop('interrupted');
  });
  expect(await item.ended).toMatchObject({ done: 16, unfinished: 24, stopped: 'interrupted' });
});

test('each task finds its scratch folder empty and private, whatever the one before did to it', async () => {
  const script = `ls -A "$TMPDIR"; stat -c %a "$TMPDIR"; case {} in fill) mkdir "$TMPDIR/a";; open) chmod 777 "$TMPDIR";; remove) rmdir "$TMPDIR";; esac`;
  const work = rig.work({
    ...nestedOf(script, ['keep', 'fill', 'open', 'remove', 'keep'], 1, 'sequence'),
    shell: true,
  });
  const { messages } = await runToEnd(executor, work);
  expect(finished(messages).map(({ report }) => textOf(report.log))).toEqual(Array.from({ length: 5 }, () => '700\n'));
  expect(rig.leftFiles()).toEqual([]);
});

test('nothing to run ends at once', async () => {
  const { end } = await runToEnd(executor, rig.work(nestedOf('true', [], 4, 'parallel')));
  expect(end).toMatchObject({ done: 0, failed: 0, unfinished: 0 });
});
