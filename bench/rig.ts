import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopLocal } from '../src/local/stop.ts';
import { readEvents, type LoggedEvent } from './events.ts';

/** The built program: what is measured is what is installed. */
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** One run of the program. */
export interface Program {
  readonly pid: number;
  /** Just before it was launched, epoch ms with fractions. */
  readonly launchedAt: number;
  /** Resolves to its stdout; rejects, with what it said, when it does not exit with 0. */
  readonly ended: Promise<string>;
  /** What it has logged up to now. */
  events(): readonly LoggedEvent[];
  stop(): void;
}

/** A temporary folder with an embedded DynamoDB, and the program to use it. */
export interface Rig extends AsyncDisposable {
  readonly dir: string;
  /** Flags that lead to the embedded DynamoDB, which the first command starts. */
  readonly local: readonly string[];
  start(args: readonly string[]): Program;
  /** Runs a command to its end; gives its stdout. */
  anamo(args: readonly string[]): Promise<string>;
  /** A file in the folder; gives its path. */
  write(name: string, text: string): string;
}

/** Opens a rig; what it started and wrote goes when it is disposed of, and at SIGINT and SIGTERM. */
export function openRig(): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'anamo-bench-'));
  const data = join(dir, 'data');
  const running = new Set<ChildProcess>();
  let programs = 0;

  function start(args: readonly string[]): Program {
    programs += 1;
    return launch(args, join(dir, `program-${programs}`), environment(dir), running);
  }

  async function dispose(): Promise<void> {
    const ends = [...running].map((child) => once(child, 'close'));
    for (const child of running) child.kill('SIGTERM');
    await Promise.all(ends);
    await stopLocal(data);
    rmSync(dir, { recursive: true, force: true });
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void dispose().finally(() => process.exit(130)));
  }
  return {
    dir,
    local: ['--local', data],
    start,
    anamo: (args) => start(args).ended,
    write(name, text) {
      const path = join(dir, name);
      writeFileSync(path, text);
      return path;
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Output goes to files: a reader at the other end of a pipe would take its share of the processors. */
function launch(args: readonly string[], path: string, env: NodeJS.ProcessEnv, running: Set<ChildProcess>): Program {
  const [outPath, errPath] = [`${path}.out`, `${path}.err`];
  const [out, err] = [openSync(outPath, 'w'), openSync(errPath, 'w')];
  const launchedAt = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: join(path, '..'), env, stdio: ['ignore', out, err] });
  running.add(child);
  for (const file of [out, err]) closeSync(file);

  async function finish(): Promise<string> {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    running.delete(child);
    if (code === 0) return readFileSync(outPath, 'utf8');
    const said = readFileSync(errPath, 'utf8').slice(-2000);
    throw new Error(`anamo ${args.join(' ')} ended with ${code ?? signal}:\n${said}`);
  }

  return {
    pid: child.pid ?? 0,
    launchedAt,
    ended: finish(),
    events: () => readEvents(errPath),
    stop: () => void child.kill('SIGTERM'),
  };
}

/** Nothing of the user's settings, and all temporary files in the rig's folder. */
function environment(dir: string): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return {
    PATH,
    HOME: dir,
    TMPDIR: dir,
    LANG: 'C',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  };
}
