import { execFile } from 'node:child_process';
import { readFile, rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { isRunning } from '../support/processes.ts';

interface Report {
  readonly testResults: readonly { readonly name: string; readonly status: string; readonly message: string }[];
}

const fixtures = fileURLToPath(new URL('../fixtures/leaky', import.meta.url));
const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
let results: ReadonlyMap<string, Report['testResults'][number]>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'anamo-leaks-'));
  try {
    const file = join(folder, 'report.json');
    await exit([vitest, 'run', '--root', fixtures, '--reporter=json', `--outputFile=${file}`]);
    const report = JSON.parse(await readFile(file, 'utf8')) as Report;
    results = new Map(report.testResults.map((result) => [basename(result.name, '.leaky.ts'), result]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.each([
  ['child', /process \d+: sleep 61/],
  ['daemon', /process \d+: sleep 62/],
  ['server', /1 x TCPServerWrap/],
  ['timer', /1 x Timeout/],
  ['thread', /1 x worker thread/],
])('a test file that leaves a %s fails and says so', (name, message) => {
  expect(results.get(name)).toMatchObject({ status: 'failed', message: expect.stringMatching(message) });
});

test('a test file that cleans up passes', () => {
  expect(results.get('clean')).toMatchObject({ status: 'passed' });
});

test.each(['child', 'daemon'])('the %s that was left is ended', (name) => {
  const pid = /process (\d+):/.exec(results.get(name)?.message ?? '')?.[1];
  expect(pid).toBeDefined();
  expect(isRunning(Number(pid))).toBe(false);
});

/** Exit code of a node with these arguments. */
function exit(args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, () => resolve(child.exitCode ?? -1));
  });
}
