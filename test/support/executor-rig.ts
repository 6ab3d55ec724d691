import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { LogRef, RunReport } from '../../src/domain/log-ref.ts';
import type { FromItem, ItemEnd, ItemWork } from '../../src/domain/work.ts';
import type { Executor, RunningItem } from '../../src/executor/pool.ts';

/** Folders of one test file, and work that uses them. */
export interface Rig {
  readonly dir: string;
  /** A new folder. */
  folder(): string;
  /** A program that says by a pipe when it is ready: its `READY` variable, and a promise of the numbers it writes there. */
  ready(): { readonly env: { READY: string }; readonly numbers: () => Promise<readonly number[]> };
  work(part: Partial<ItemWork>): ItemWork;
  /** What is left in the scratch and spool folders. */
  leftFiles(): readonly string[];
  close(): void;
}

let folders = 0;

export function createRig(): Rig {
  const dir = mkdtempSync(join(tmpdir(), 'anamo-executor-'));
  const scratchRoot = join(dir, 'scratch');
  const spoolDir = join(dir, 'spool');

  function folder(): string {
    const path = join(dir, `folder-${(folders += 1)}`);
    mkdirSync(path);
    return path;
  }

  return {
    dir,
    folder,
    ready() {
      const fifo = join(folder(), 'ready');
      execFileSync('mkfifo', [fifo]);
      return {
        env: { READY: fifo },
        numbers: async () => (await readFile(fifo, 'utf8')).trim().split(' ').map(Number),
      };
    },
    work: (part) => ({
      table: 'T',
      step: 'align',
      itemId: 'item/1',
      taskId: 'sample 1',
      gen: 'g1',
      fence: 3,
      attempt: 2,
      workerId: 'w1',
      script: 'true',
      shell: false,
      env: {},
      graceMs: 5000,
      cwd: 'worker',
      scratchRoot,
      logs: { spoolDir, inlineBytes: 2048 },
      ...part,
    }),
    leftFiles: () => [scratchRoot, spoolDir].flatMap((path) => readdirSync(path)),
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Path of a test program. */
export function program(name: string): string {
  return fileURLToPath(new URL(`../fixtures/programs/${name}`, import.meta.url));
}

/** Runs an item to its end, answering each report; returns the end and all messages. */
export async function runToEnd(
  executor: Executor,
  work: ItemWork,
  onStart: (item: RunningItem) => void = () => undefined,
): Promise<{ end: ItemEnd; messages: readonly FromItem[] }> {
  const messages: FromItem[] = [];
  const item = executor.run(work, (message, reply) => {
    messages.push(message);
    if (message.type === 'finished') reply({ type: 'committed', nested: message.nested });
  });
  onStart(item);
  return { end: await item.ended, messages };
}

/** Runs a single item to its report. */
export async function runSingle(
  executor: Executor,
  work: ItemWork,
  onStart?: (item: RunningItem) => void,
): Promise<RunReport> {
  const { end } = await runToEnd(executor, work, onStart);
  if (end.type !== 'single') throw new Error(`expected a single item's end, got ${JSON.stringify(end)}`);
  return end.report;
}

export function nestedOf(script: string, args: readonly string[], parallel: number, mode: 'parallel' | 'sequence') {
  return { script, nested: { mode, parallel, tasks: args.map((arg, index) => ({ index, arg })) } } as const;
}

/** Output of a log that is in the record. */
export function textOf(log: LogRef): string {
  return Buffer.from(log.inline ?? []).toString('utf8');
}
