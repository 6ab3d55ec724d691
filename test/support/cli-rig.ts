import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts');
const FIXTURES = path.join(import.meta.dirname, '../fixtures');
const POLL_MS = 20;

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly result: Promise<CliResult>;
  /** Resolves when stderr or stdout has said it; fails when the program ends before. */
  said(part: string): Promise<void>;
}

export interface CliRig {
  /** A temporary folder: working folder, home and temporary folder of every command. */
  readonly dir: string;
  start(args: readonly string[], options?: RunOptions): Running;
  anamo(args: readonly string[], options?: RunOptions): Promise<CliResult>;
  write(name: string, content: string): void;
  copyFixture(name: string): void;
  /** Ends the embedded servers that the commands started, and removes the folder. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Do not end standard input after it. */
  readonly keepOpen?: boolean;
}

/** Runs the real program in a folder of its own, with nothing of this machine's AWS settings. */
export function createCliRig(): CliRig {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'anamo-e2e-'));
  const rig: CliRig = {
    dir,
    start: (args, options) => start(dir, args, options),
    anamo: async (args, options) => start(dir, args, options).result,
    write: (name, content) => writeFileSync(path.join(dir, name), content),
    copyFixture: (name) => cpSync(path.join(FIXTURES, name), path.join(dir, name)),
    async close() {
      // A server that is left alone would end by itself, half a minute later.
      const names = readdirSync(dir, { recursive: true, encoding: 'utf8' });
      for (const name of names.filter((each) => path.basename(each) === 'server.json')) {
        await endServer(path.join(dir, name));
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return rig;
}

function start(
  dir: string,
  args: readonly string[],
  { env = {}, input = '', keepOpen = false }: RunOptions = {},
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: dir, env: { ...cleanEnvironment(dir), ...env } });
  const output = { seen: '', ended: false };
  const { stdin, stdout, stderr } = child;
  stdin.on('error', () => undefined);
  stdin.write(input);
  if (!keepOpen) stdin.end();
  for (const stream of [stdout, stderr]) stream.on('data', (chunk: Buffer) => (output.seen += chunk.toString()));
  const result = Promise.all([once(child, 'close'), text(stdout), text(stderr)]).then(([end, out, err]) => {
    const [code, signal] = end as [number | null, NodeJS.Signals | null];
    output.ended = true;
    return { code, signal, stdout: out, stderr: err };
  });
  return {
    child,
    result,
    async said(part) {
      while (!output.seen.includes(part)) {
        if (output.ended) throw new Error(`it ended without saying ${part}:\n${output.seen}`);
        await sleep(POLL_MS);
      }
    },
  };
}

function cleanEnvironment(dir: string): Record<string, string> {
  const { PATH = '', ANAMO_TEST_TOKEN = '' } = process.env;
  return { PATH, ANAMO_TEST_TOKEN, HOME: dir, TMPDIR: dir, AWS_EC2_METADATA_DISABLED: 'true' };
}

async function endServer(file: string): Promise<void> {
  const { pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number };
  try {
    process.kill(pid, 'SIGTERM');
    for (;;) {
      await sleep(POLL_MS);
      process.kill(pid, 0);
    }
  } catch {
    // Gone.
  }
}
