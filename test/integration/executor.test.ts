import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Outcome } from '../../src/domain/outcome.ts';
import { createExecutor } from '../../src/executor/pool.ts';
import type { Executor } from '../../src/executor/pool.ts';
import { createRig, program, runSingle, textOf } from '../support/executor-rig.ts';
import type { Rig } from '../support/executor-rig.ts';

let executor: Executor;
let rig: Rig;

beforeAll(() => {
  rig = createRig();
  executor = createExecutor({ slots: 8, threads: 2 });
});
afterAll(async () => {
  await executor.close();
  rig.close();
});

function shell(script: string, env: Record<string, string> = {}) {
  return rig.work({ script, shell: true, env });
}

describe('the outcome of a command', () => {
  test.each<[string, string, Outcome]>([
    ['success', 'true', { kind: 'exited', code: 0 }],
    ['an exit code', 'exit 3', { kind: 'exited', code: 3 }],
    ['a signal', 'kill -SEGV $$', { kind: 'signalled', signal: 'SIGSEGV' }],
    ['a failure inside a pipe', 'false | cat', { kind: 'exited', code: 1 }],
    ['the first failing line', 'false; exit 0', { kind: 'exited', code: 1 }],
    ['a program that bash does not find', 'no-such-program', { kind: 'exited', code: 127 }],
    ['a file that bash may not run', '/etc/passwd', { kind: 'exited', code: 126 }],
  ])('%s', async (_what, script, outcome) => {
    const report = await runSingle(executor, shell(script));
    expect(report.outcome).toEqual(outcome);
    expect(report.endedAt).toBeGreaterThanOrEqual(report.startedAt);
  });

  test('a script of words is run without a shell', async () => {
    const report = await runSingle(
      executor,
      rig.work({ script: `printf '%s|' "a b" $NAME '$HOME'`, env: { NAME: 'x  y' } }),
    );
    expect(textOf(report.log)).toBe('a b|x  y|$HOME|');
  });
});

describe('a command that cannot be started says why', () => {
  test('no such program', async () => {
    const { outcome } = await runSingle(executor, rig.work({ script: 'no-such-program --x' }));
    expect(outcome).toEqual({
      kind: 'spawn-failed',
      code: 'ENOENT',
      message: 'cannot start "no-such-program": there is no such program in PATH',
    });
  });

  test('no such file, a file that is not executable, a missing interpreter, a folder', async () => {
    const dir = rig.folder();
    const plain = join(dir, 'plain');
    const orphan = join(dir, 'orphan');
    writeFileSync(plain, '#!/bin/sh\n');
    writeFileSync(orphan, '#!/no/such/interpreter\n', { mode: 0o755 });
    const failures = [`${dir}/missing`, plain, orphan, dir].map(async (script) => {
      const { outcome } = await runSingle(executor, rig.work({ script }));
      return outcome.kind === 'spawn-failed' ? `${outcome.code} ${outcome.message}` : outcome;
    });
    expect(await Promise.all(failures)).toEqual([
      `ENOENT cannot start "${dir}/missing": there is no such file`,
      `EACCES cannot start "${plain}": it is not executable (chmod +x)`,
      `ENOENT cannot start "${orphan}": ${orphan} names an interpreter or loader that does not exist`,
      `EACCES cannot start "${dir}": it is a folder`,
    ]);
  });

  test('no bash', async () => {
    const { outcome } = await runSingle(executor, shell('true', { PATH: rig.folder() }));
    expect(outcome).toMatchObject({ kind: 'spawn-failed', code: 'ENOENT', message: expect.stringContaining('"bash"') });
  });

  test.each([
    ['an open quote', `echo 'a`, 'quote'],
    ['a variable that is not set', 'echo $NO_SUCH_VARIABLE', 'NO_SUCH_VARIABLE'],
  ])('%s', async (_what, script, named) => {
    const { outcome } = await runSingle(executor, rig.work({ script }));
    expect(outcome).toMatchObject({
      kind: 'spawn-failed',
      code: 'BAD_SCRIPT',
      message: expect.stringContaining(named),
    });
  });

  test('an environment that is too long', async () => {
    const { outcome } = await runSingle(executor, rig.work({ env: { LONG: 'x'.repeat(200_000) } }));
    expect(outcome).toMatchObject({ kind: 'spawn-failed', code: 'E2BIG' });
  });

  test('a scratch folder that cannot be made', async () => {
    const { outcome } = await runSingle(executor, rig.work({ scratchRoot: '/dev/null/scratch' }));
    expect(outcome).toMatchObject({ kind: 'spawn-failed', code: 'ENOTDIR' });
  });
});

describe('the environment', () => {
  test('names the work, and neither the item nor the worker can override it', async () => {
    process.env['ANAMO_NESTED_ID'] = 'Task_9';
    process.env['FROM_WORKER'] = 'yes';
    const report = await runSingle(
      executor,
      rig.work({
        script: 'env',
        env: { ANAMO_FENCE: '99', ANAMO_TABLE: 'other', TMPDIR: '/nowhere', MINE: '1' },
        traceparent: '00-a-b-01',
      }),
    );
    delete process.env['ANAMO_NESTED_ID'];
    delete process.env['FROM_WORKER'];
    const env = new Map(
      textOf(report.log)
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    expect(Object.fromEntries(env)).toMatchObject({
      ANAMO_TABLE: 'T',
      ANAMO_STEP: 'align',
      ANAMO_ITEM_ID: 'item/1',
      ANAMO_TASK_ID: 'sample 1',
      ANAMO_ATTEMPT: '2',
      ANAMO_FENCE: '3',
      ANAMO_WORKER_ID: 'w1',
      TRACEPARENT: '00-a-b-01',
      MINE: '1',
      FROM_WORKER: 'yes',
      TMPDIR: expect.stringMatching(`^${rig.dir}/scratch/`),
    });
    expect(env.has('ANAMO_NESTED_ID')).toBe(false);
  });

  test('the scratch folder is private, can be the working folder, and is gone afterwards', async () => {
    const work = rig.work({
      script: 'stat -c %a "$TMPDIR"; pwd; echo "$TMPDIR"; touch a; mkdir b; touch b/c',
      shell: true,
    });
    const report = await runSingle(executor, { ...work, cwd: 'scratch' });
    const [mode, cwd, scratch] = textOf(report.log).split('\n');
    expect([mode, cwd]).toEqual(['700', scratch]);
    expect(rig.leftFiles()).toEqual([]);
  });

  test('a scratch folder with read-only folders, a tree deeper than a path can be, and a link out of it is removed', async () => {
    const outside = rig.folder();
    writeFileSync(join(outside, 'precious'), '');
    chmodSync(outside, 0o500);
    const report = await runSingle(executor, rig.work({ script: `${program('messy.sh')} ${outside}` }));
    expect(report.outcome).toEqual({ kind: 'exited', code: 0 });
    expect(rig.leftFiles()).toEqual([]);
    expect(readdirSync(outside)).toEqual(['precious']);
  });
});

describe('the output', () => {
  test('is kept in both streams, with what is not UTF-8', async () => {
    const report = await runSingle(executor, shell(String.raw`printf '\xff\x00a\n'; printf 'oops\xfe' >&2`));
    expect(report.log).toMatchObject({ bytes: 9, sink: 'inline' });
    expect([...(report.log.stderrTail ?? [])]).toEqual([...Buffer.from('oops\xfe', 'latin1')]);
    expect([...(report.log.inline ?? [])]).toHaveLength(9);
  });

  test('goes through the spool to the file sink when it is long, and the spool file is gone', async () => {
    const fileDir = rig.folder();
    const work = shell('seq 100000');
    const { log } = await runSingle(executor, { ...work, logs: { ...work.logs, fileDir } });
    expect(log).toMatchObject({ sink: 'file', lines: 100_000, bytes: 588_895 });
    expect(rig.leftFiles()).toEqual([]);
  });

  test('does not stay in memory', async () => {
    const before = process.memoryUsage.rss();
    const { log } = await runSingle(executor, shell('head -c 300M /dev/zero'));
    expect(log.bytes).toBe(300 * 1024 * 1024);
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 * 1024);
  });
});

test('memory and CPU are sampled for a command that runs long enough, and only for it', async () => {
  const [long, short] = await Promise.all([
    runSingle(executor, shell('end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done')),
    runSingle(executor, shell('true')),
  ]);
  expect(long.usage).toMatchObject({ sampled: true });
  expect(long.usage?.cpuSeconds).toBeGreaterThan(0.3);
  expect(long.usage?.peakMemoryBytes).toBeGreaterThan(1024 * 1024);
  expect(short.usage).toBeUndefined();
});

test('items side by side on one thread do not disturb each other', async () => {
  const codes = await Promise.all(
    Array.from({ length: 8 }, async (_, code) => (await runSingle(executor, shell(`exit ${code}`))).outcome),
  );
  expect(codes).toEqual(Array.from({ length: 8 }, (_, code) => ({ kind: 'exited', code })));
});
