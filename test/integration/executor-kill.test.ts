import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createExecutor } from '../../src/executor/pool.ts';
import type { Executor } from '../../src/executor/pool.ts';
import { createRig, nestedOf, program, runSingle, runToEnd, textOf } from '../support/executor-rig.ts';
import type { Rig } from '../support/executor-rig.ts';
import { isRunning } from '../support/processes.ts';

let executor: Executor;
let rig: Rig;

beforeAll(() => {
  rig = createRig();
  executor = createExecutor({ slots: 4, threads: 1 });
});
afterAll(async () => {
  await executor.close();
  rig.close();
});

function stillRunning(pids: readonly number[]): readonly number[] {
  return pids.filter((pid) => isRunning(pid));
}

describe('stop', () => {
  test('ends the whole tree, also what made groups of its own, before the end is told', async () => {
    const { env, numbers } = rig.ready();
    let pids: readonly number[] = [];
    const report = await runSingle(executor, rig.work({ script: program('tree.sh'), env }), (item) => {
      void numbers().then((found) => {
        pids = found;
        item.stop('cancelled');
      });
    });
    expect(report.outcome).toEqual({ kind: 'cancelled' });
    expect(pids).toHaveLength(4);
    expect(stillRunning(pids)).toEqual([]);
    expect(rig.leftFiles()).toEqual([]);
  });

  test('kills after the grace what ignores TERM; the first reason is told, a shorter grace counts', async () => {
    const { env, numbers } = rig.ready();
    const startedAt = performance.now();
    const report = await runSingle(
      executor,
      rig.work({ script: program('stubborn.sh'), env, graceMs: 60_000 }),
      (item) => {
        void numbers().then(() => {
          item.stop('interrupted');
          item.stop('lost-lease', 200);
        });
      },
    );
    expect(report.outcome).toEqual({ kind: 'interrupted' });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });

  test('leaves time to end well: a command that traps TERM is not killed', async () => {
    const { env, numbers } = rig.ready();
    const script = `trap 'sleep 0.2; echo saved; exit 0' TERM; echo 1 > "$READY"; while :; do sleep 0.05; done`;
    const report = await runSingle(executor, rig.work({ script, shell: true, env }), (item) => {
      void numbers().then(() => item.stop('interrupted'));
    });
    expect(report.outcome).toEqual({ kind: 'interrupted' });
    expect(textOf(report.log)).toContain('saved\n');
  });

  test('ends a suspended command', async () => {
    const { env, numbers } = rig.ready();
    const report = await runSingle(
      executor,
      rig.work({ script: program('suspended.sh'), env, graceMs: 60_000 }),
      (item) => {
        void numbers().then(() => item.stop('cancelled'));
      },
    );
    expect(report.outcome).toEqual({ kind: 'cancelled' });
  });

  test('right after the start, and after the end, does no harm', async () => {
    const early = await runSingle(executor, rig.work({ script: 'sleep 300' }), (item) => item.stop('interrupted'));
    expect(early.outcome).toEqual({ kind: 'interrupted' });
    const item = executor.run(rig.work({ script: 'true' }), () => undefined);
    const end = await item.ended;
    item.stop('cancelled');
    expect(end).toMatchObject({ report: { outcome: { kind: 'exited', code: 0 } } });
  });

  test('of nested tasks: running ones end, are not reported, and no other starts', async () => {
    const { env, numbers } = rig.ready();
    const script = `if [ {} = 0 ]; then exit 1; fi; if [ {} = 2 ]; then echo $$ > "$READY"; fi; sleep 300`;
    const args = Array.from({ length: 10 }, (_, index) => String(index));
    const work = rig.work({ ...nestedOf(script, args, 2, 'parallel'), shell: true, env });
    const { end, messages } = await runToEnd(executor, work, (item) => {
      void numbers().then(() => item.stop('lost-lease'));
    });
    expect(end).toMatchObject({ type: 'nested', done: 0, failed: 1, unfinished: 9, stopped: 'lost-lease' });
    expect(messages.filter(({ type }) => type === 'started')).toHaveLength(3);
    expect(messages.filter(({ type }) => type === 'finished')).toMatchObject([{ nested: 0 }]);
    expect(stillRunning(messages.flatMap((message) => (message.type === 'started' ? [message.pid] : [])))).toEqual([]);
  });
});

describe('limits', () => {
  test('a timeout ends a command that ignores TERM', async () => {
    const { env, numbers } = rig.ready();
    const work = rig.work({ script: program('stubborn.sh'), env, timeoutMs: 300, graceMs: 200 });
    const [report, pids] = await Promise.all([runSingle(executor, work), numbers()]);
    expect(report.outcome).toEqual({ kind: 'timed-out', afterMs: 300 });
    expect(stillRunning(pids)).toEqual([]);
  });

  test('a timeout is each nested task of its own', async () => {
    const work = rig.work({ ...nestedOf('sleep', ['0', '300', '0'], 1, 'parallel'), timeoutMs: 400 });
    const { end, messages } = await runToEnd(executor, work);
    expect(end).toMatchObject({ done: 2, failed: 1, unfinished: 0 });
    expect(
      messages
        .filter(({ type }) => type === 'finished')
        .map((message) => 'report' in message && message.report.outcome.kind),
    ).toEqual(['exited', 'timed-out', 'exited']);
  });

  test('silence ends a command, output keeps it', async () => {
    const silentTimeoutMs = 500;
    const [silent, talking] = await Promise.all([
      runSingle(executor, rig.work({ script: 'echo a; sleep 300', shell: true, silentTimeoutMs })),
      runSingle(
        executor,
        rig.work({ script: 'for i in {1..20}; do echo $i; sleep 0.05; done', shell: true, silentTimeoutMs }),
      ),
    ]);
    expect(silent.outcome).toEqual({ kind: 'silent-too-long', afterMs: silentTimeoutMs });
    expect(talking.outcome).toEqual({ kind: 'exited', code: 0 });
  });

  test('longer than a timer can be is no limit', async () => {
    const { outcome } = await runSingle(
      executor,
      rig.work({ script: 'sleep 0.1', timeoutMs: 2 ** 40, silentTimeoutMs: 2 ** 40 }),
    );
    expect(outcome).toEqual({ kind: 'exited', code: 0 });
  });
});

describe('what a command leaves behind', () => {
  test('is ended, and the outcome is that of the command itself', async () => {
    const { env, numbers } = rig.ready();
    const [report, pids] = await Promise.all([
      runSingle(executor, rig.work({ script: program('leave-behind.sh'), env })),
      numbers(),
    ]);
    expect(report.outcome).toEqual({ kind: 'exited', code: 7 });
    expect(textOf(report.log)).toBe('before the end\n');
    expect(stillRunning(pids)).toEqual([]);
  });

  test('and holds no output open is ended as well', async () => {
    const { env, numbers } = rig.ready();
    const script = 'sleep 300 > /dev/null 2>&1 & echo $! > "$READY"';
    const [report, pids] = await Promise.all([runSingle(executor, rig.work({ script, shell: true, env })), numbers()]);
    expect(report.outcome).toEqual({ kind: 'exited', code: 0 });
    expect(stillRunning(pids)).toEqual([]);
  });

  test('in a session of its own, with the output open, does not hold the end up', async () => {
    const { env, numbers } = rig.ready();
    const [report, pids] = await Promise.all([
      runSingle(executor, rig.work({ script: `${program('leave-behind.sh')} setsid`, env })),
      numbers(),
    ]);
    // Out of reach here; the guard of the worker finds it by its environment.
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    expect(report.outcome).toEqual({ kind: 'exited', code: 7 });
    expect(textOf(report.log)).toBe('before the end\n');
  });

  test('may write its last words', async () => {
    const report = await runSingle(executor, rig.work({ script: '(sleep 0.3; echo late) & echo early', shell: true }));
    expect(textOf(report.log)).toBe('early\nlate\n');
  });
});
