import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Another way to start many processes. */
export interface Other {
  readonly name: string;
  /** Why it cannot be had here; undefined when it can. */
  missing(): Promise<string | undefined>;
  /** Runs a command `count` times, so many at once; gives the time from the launch of the program to its end, ms. */
  run(command: readonly string[], count: number, parallel: number): Promise<number>;
}

const SPAWN_LOOP = fileURLToPath(new URL('spawn-loop.ts', import.meta.url));

/** xargs, GNU parallel, and bare loops of Node's spawn: with output that goes nowhere, and with output that is read. */
export const OTHERS: readonly Other[] = [
  {
    name: 'xargs -P',
    missing: async () => ((await version('xargs', [])) === undefined ? 'there is no xargs in PATH' : undefined),
    run: (command, count, parallel) => timed('xargs', ['-P', String(parallel), '-I{}', ...command], numbers(count)),
  },
  {
    name: 'GNU parallel',
    async missing() {
      const said = await version('parallel', ['--version']);
      if (said === undefined) return 'there is no parallel in PATH';
      return said.startsWith('GNU parallel') ? undefined : 'the parallel in PATH is not GNU parallel';
    },
    run: runParallel,
  },
  loop('Node loop of spawn, output ignored', 'ignore'),
  loop('Node loop of spawn, output read', 'pipe'),
];

function loop(name: string, stdio: string): Other {
  return {
    name,
    missing: async () => undefined,
    async run(command, count, parallel) {
      // It tells its own time: that of a Node start is not the loop's.
      const child = spawn(process.execPath, [SPAWN_LOOP, stdio, String(count), String(parallel), ...command], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
      const ms = Number(said);
      if (!(ms > 0)) throw new Error(`the loop of spawn said ${said}`);
      return ms;
    },
  };
}

async function runParallel(command: readonly string[], count: number, parallel: number): Promise<number> {
  // Its notice about citing and its measurement of the longest command line are of the first run only.
  const home = mkdtempSync(join(tmpdir(), 'anamo-bench-parallel-'));
  const env = { ...process.env, PARALLEL_HOME: home, PARALLEL_SHELL: '/bin/sh' };
  const run = (n: number) => timed('parallel', ['-j', String(parallel), '-N0', ...command], numbers(n), env);
  try {
    await run(1);
    return await run(count);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function timed(file: string, args: readonly string[], input: string, env = process.env): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: ['pipe', 'ignore', 'pipe'] });
  child.stdin.end(input);
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number | null]>]);
  if (code !== 0) throw new Error(`${file} ended with ${code}: ${said}`);
  return performance.now() - startedAt;
}

async function version(file: string, args: readonly string[]): Promise<string | undefined> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
    return said;
  } catch {
    return undefined;
  }
}

function numbers(count: number): string {
  return Array.from({ length: count }, (_, i) => `${i}\n`).join('');
}
