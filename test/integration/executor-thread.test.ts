import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createExecutor } from '../../src/executor/pool.ts';
import type { FromItem, ToItem } from '../../src/domain/work.ts';
import type { Executor } from '../../src/executor/pool.ts';
import { createRig, nestedOf, program, runSingle, runToEnd } from '../support/executor-rig.ts';
import type { Rig } from '../support/executor-rig.ts';
import { isRunning } from '../support/processes.ts';

let executor: Executor;
let rig: Rig;

beforeAll(() => {
  rig = createRig();
  executor = createExecutor({ slots: 2, threads: 1, runners: 1 });
});
afterAll(async () => {
  await executor.close();
  rig.close();
});

/** With a buffer of this size the process that runs commands dies at the first output: nothing in it can catch that. */
const DEADLY = -1;

describe('a runner that dies', () => {
  test('is an end of its command, and takes the children along', async () => {
    const { env, numbers } = rig.ready();
    const work = rig.work({ script: 'echo $$ > "$READY"; echo boom; sleep 300', shell: true, env });
    const [report, pids] = await Promise.all([
      runSingle(executor, { ...work, logs: { ...work.logs, inlineBytes: DEADLY } }),
      numbers(),
    ]);
    expect(report.outcome).toMatchObject({ kind: 'spawn-failed', code: 'RUNNER_DIED' });
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
  });

  test('leaves no file behind', () => {
    expect(rig.leftFiles()).toEqual([]);
  });

  test('fails the nested tasks that it ran; the next one gets a new runner', async () => {
    const { env, numbers } = rig.ready();
    const script = `case {} in quick|later) exit 0;; loud) echo $$ > "$READY"; echo boom;; esac; sleep 300`;
    const nested = nestedOf(script, ['quick', 'quiet', 'loud', 'later'], 2, 'parallel');
    const work = rig.work({ ...nested, shell: true, env });
    const [{ end, messages }, pids] = await Promise.all([
      runToEnd(executor, { ...work, logs: { ...work.logs, inlineBytes: DEADLY } }),
      numbers(),
    ]);
    expect(end).toMatchObject({ type: 'nested', done: 2, failed: 2, unfinished: 0 });
    const outcomes = messages
      .filter((message) => message.type === 'finished')
      .toSorted((a, b) => a.nested - b.nested)
      .map(({ report }) => report.outcome);
    expect(outcomes).toMatchObject([{ code: 0 }, { code: 'RUNNER_DIED' }, { code: 'RUNNER_DIED' }, { code: 0 }]);
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
  });
});

describe('a thread that dies', () => {
  /** A message that is none: nothing in the thread can catch what that throws. */
  const DEADLY_MESSAGE = null as unknown as ToItem;

  test('is an end of its item, and takes the children along', async () => {
    const { env, numbers } = rig.ready();
    const work = rig.work({ script: 'echo $$ > "$READY"; sleep 300', shell: true, env });
    const item = executor.run(work, (message, reply) => {
      if (message.type === 'started') void numbersRead.then(() => reply(DEADLY_MESSAGE));
    });
    const numbersRead = numbers();
    expect(await item.ended).toMatchObject({ report: { outcome: { kind: 'spawn-failed', code: 'THREAD_DIED' } } });
    expect((await numbersRead).filter((pid) => isRunning(pid))).toEqual([]);
    expect(rig.leftFiles()).toEqual([]);
  });

  test('fails the nested tasks that ran, and leaves the others to be done', async () => {
    const { env, numbers } = rig.ready();
    const script = `[ {} = quick ] && exit 0; [ {} = loud ] && echo $$ > "$READY"; sleep 300`;
    const nested = nestedOf(script, ['quick', 'quiet', 'loud', 'later'], 2, 'parallel');
    const reports: FromItem[] = [];
    const item = executor.run(rig.work({ ...nested, shell: true, env }), (message, reply) => {
      if (message.type === 'finished') {
        reports.push(message);
        reply({ type: 'committed', nested: message.nested });
      } else if (message.nested === 2) void numbersRead.then(() => reply(DEADLY_MESSAGE));
    });
    const numbersRead = numbers();
    expect(await item.ended).toMatchObject({ type: 'nested', done: 1, failed: 2, unfinished: 1 });
    expect(reports).toMatchObject([
      { nested: 0, report: { outcome: { kind: 'exited', code: 0 } } },
      { nested: 1, report: { outcome: { code: 'THREAD_DIED' } } },
      { nested: 2, report: { outcome: { code: 'THREAD_DIED' } } },
    ]);
    expect((await numbersRead).filter((pid) => isRunning(pid))).toEqual([]);
  });

  test('does not keep later items from running', async () => {
    const report = await runSingle(executor, rig.work({ script: 'true' }));
    expect(report.outcome).toEqual({ kind: 'exited', code: 0 });
  });
});

describe('close', () => {
  test('interrupts what runs, waits for it, and takes nothing more', async () => {
    const own = createExecutor({ slots: 1 });
    const { env, numbers } = rig.ready();
    const item = own.run(rig.work({ script: program('tree.sh'), env }), () => undefined);
    const pids = await numbers();
    await own.close();
    expect(pids.filter((pid) => isRunning(pid))).toEqual([]);
    expect(await item.ended).toMatchObject({ report: { outcome: { kind: 'interrupted' } } });
    expect(() => own.run(rig.work({}), () => undefined)).toThrow('closed');
  });

  test('of an executor that ran nothing', async () => {
    await expect(createExecutor({ slots: 3 }).close()).resolves.toBeUndefined();
  });
});

test('a process that only waits for an idle executor can end', () => {
  const script = `
    const { createExecutor } = await import(${JSON.stringify(new URL('../../src/executor/pool.ts', import.meta.url).href)});
    const executor = createExecutor({ slots: 1 });
    const work = ${JSON.stringify(rig.work({ script: 'true' }))};
    console.log(JSON.stringify((await executor.run(work, () => undefined).ended).report.outcome));`;
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(run).toMatchObject({ stdout: `{"kind":"exited","code":0}\n`, status: 0 });
});
