import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sessionMembers } from '../../src/executor/process-group.ts';
import { createCliRig, type CliRig } from '../support/cli-rig.ts';

let rig: CliRig;
const TABLE = ['-t', 'Example_Table', '--local'];

beforeEach(() => {
  rig = createCliRig();
});

afterEach(async () => {
  await rig.close();
});

async function importScripts(...scripts: string[]): Promise<void> {
  const lines = scripts.map((script, index) =>
    JSON.stringify({ itemID: `item-${index}`, TaskID: 'x', TaskScript: script, Shell: true }),
  );
  expect(await rig.anamo(['import', '-i', '-', ...TABLE], { input: lines.join('\n') })).toMatchObject({
    code: 0,
    stderr: '',
  });
}

async function totals(): Promise<unknown> {
  const { stdout } = await rig.anamo(['status', ...TABLE, '--json']);
  return (JSON.parse(stdout) as { totals: unknown }).totals;
}

test('Ctrl-C gives running items back and leaves with 75 within 5 s', async () => {
  await importScripts('sleep 300', 'sleep 300', 'sleep 300');
  const running = rig.start(['run', '-i', '2', '--log-level', 'debug', ...TABLE]);
  await running.said('"event":"child-started"');
  const asked = performance.now();
  running.child.kill('SIGINT');
  const { code, signal, stdout } = await running.result;
  expect(performance.now() - asked).toBeLessThan(5000);
  expect({ code, signal }).toEqual({ code: 75, signal: null });
  expect(stdout).toMatch(/items? given back: the next `anamo run` takes/);
  expect(await totals()).toMatchObject({ todo: 3, locked: 0, done: 0, failed: 0 });
});

test('a second Ctrl-C does not wait for commands that ignore TERM', async () => {
  await importScripts('trap "" TERM; echo deaf; while :; do sleep 0.1; done');
  const running = rig.start(['run', '--log-level', 'debug', ...TABLE]);
  await running.said('"event":"child-started"');
  running.child.kill('SIGINT');
  await running.said('"event":"worker-stopping"');
  const asked = performance.now();
  running.child.kill('SIGINT');
  expect(await running.result).toMatchObject({ code: 75, signal: null });
  expect(performance.now() - asked).toBeLessThan(3000);
  expect(await totals()).toMatchObject({ todo: 1, locked: 0 });
});

test('SIGTERM within --stop-timeout, as AWS Batch sends it', async () => {
  await importScripts('sleep 300');
  const running = rig.start(['run', '--stop-timeout', '3', '--grace', '1', '--log-level', 'debug', ...TABLE]);
  await running.said('"event":"child-started"');
  const asked = performance.now();
  running.child.kill('SIGTERM');
  expect(await running.result).toMatchObject({ code: 75, signal: null });
  expect(performance.now() - asked).toBeLessThan(4000);
  expect(await totals()).toMatchObject({ todo: 1, locked: 0 });
});

test('no command outlives a worker that is killed by -9', async () => {
  await importScripts('echo $$ > pid; sleep 300 & sleep 300; wait');
  const running = rig.start(['run', '--log-level', 'debug', ...TABLE]);
  const pidFile = join(rig.dir, 'pid');
  await expect.poll(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8'), { timeout: 10_000 }).toMatch(/^\d+\n$/);
  const pid = Number(readFileSync(pidFile, 'utf8'));
  await expect.poll(() => sessionMembers(pid).length, { timeout: 5000 }).toBe(3);
  running.child.kill('SIGKILL');
  expect(await running.result).toMatchObject({ signal: 'SIGKILL' });
  await expect.poll(() => sessionMembers(pid), { timeout: 5000 }).toEqual([]);
});

test('Ctrl-C with nothing running leaves with 0', async () => {
  await importScripts('true');
  const running = rig.start(['run', '--idle-exit', '60', ...TABLE]);
  await running.said('"event":"item-finished"');
  running.child.kill('SIGINT');
  expect(await running.result).toMatchObject({ code: 0, signal: null });
});

test('the end of the wall time gives back what runs', async () => {
  await importScripts('sleep 300');
  const args = ['run', '-w', '1', '--stop-timeout', '2', '--grace', '1', '--json', '--progress', 'none', ...TABLE];
  const { code, stdout } = await rig.anamo(args);
  expect(code).toBe(75);
  expect(JSON.parse(stdout)).toMatchObject({ givenBack: 1, reason: 'wall-time' });
});

test('an import that waits for standard input ends on Ctrl-C, keeps what is in, and can be repeated', async () => {
  const lines = Array.from({ length: 150 }, (_, index) => `id-${index}|x|true\n`);
  const input = `itemID|TaskID|TaskScript\n${lines.join('')}`;
  const running = rig.start(['import', '-i', '-', ...TABLE], { input, keepOpen: true });
  await running.said('Importing standard input');
  // The first hundred are written together; from then on it waits for more input.
  while (((await totals()) as { todo: number }).todo < 100);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.result;
  expect(code).toBe(75);
  expect(stdout).toContain('Stopped; the same command completes it. 100 items imported.');
  expect(await rig.anamo(['import', '-i', '-', ...TABLE], { input })).toMatchObject({ code: 0 });
  expect(await totals()).toMatchObject({ todo: 150 });
});
