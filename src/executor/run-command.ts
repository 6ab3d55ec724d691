import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { RunReport } from '../domain/log-ref.ts';
import type { ItemWork } from '../domain/work.ts';
import { openCapture } from '../logs/capture.ts';
import type { Capture } from '../logs/capture.ts';
import { storeLog } from '../logs/store-log.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { createCommandMaker } from './command.ts';
import type { NestedTaskWork } from './command.ts';
import { reportNotRun } from './not-run.ts';
import { createScratchFolders } from './scratch.ts';
import { explainFolderFailure } from './spawn-failure.ts';
import type { StopCause } from './termination.ts';

/** One command on its way. */
export interface RunningCommand {
  /** Absent when it could not be started. */
  readonly pid: number | undefined;
  stop(cause: StopCause, graceMs: number): void;
  /** Resolves when the child and what it left in its scratch folder are gone and the log is stored. Never rejects. */
  readonly ended: Promise<RunReport>;
}

/** Starts the command of an item, or of one of its nested tasks. */
export type StartCommand = (nested?: NestedTaskWork) => RunningCommand;

/** Starts the commands of one item. */
export interface CommandStarter {
  readonly start: StartCommand;
  /** Removes what is kept between commands; to be called when all have ended. */
  close(): Promise<void>;
}

/** `name` begins the names of all folders and files. */
export function createCommandStarter(work: ItemWork, name: string, workerEnv: NodeJS.ProcessEnv): CommandStarter {
  const maker = createCommandMaker(work, workerEnv);
  const scratches = createScratchFolders(work.scratchRoot, name);
  let commands = 0;

  function makeFolders(): string {
    if (commands === 0) mkdirSync(work.logs.spoolDir, { recursive: true, mode: 0o700 });
    commands += 1;
    return scratches.take();
  }

  function start(nested?: NestedTaskWork): RunningCommand {
    const startedAt = Date.now();
    let scratch: string;
    try {
      scratch = makeFolders();
    } catch (error) {
      return notStarted(Promise.resolve(reportNotRun(explainFolderFailure(error), startedAt)));
    }
    const env = maker.environment(scratch, nested);
    const command = maker.command(env, nested);
    if ('kind' in command) {
      return notStarted(scratches.give(scratch).then(() => reportNotRun(command, startedAt)));
    }
    const spoolPath = join(work.logs.spoolDir, `${name}-${commands}.log`);
    const capture = openCapture({ spoolPath, inlineBytes: work.logs.inlineBytes });
    const { timeoutMs, silentTimeoutMs, graceMs } = work;
    const cwd = work.cwd === 'scratch' ? scratch : undefined;
    const child = startChild({ ...command, env, cwd, capture, timeoutMs, silentTimeoutMs, graceMs });
    const ended = report(child, capture, { work, nested, startedAt, giveBack: () => scratches.give(scratch) });
    return { pid: child.pid, stop: (cause, grace) => child.stop(cause, grace), ended };
  }

  return { start, close: () => scratches.close() };
}

interface Run {
  readonly work: ItemWork;
  readonly nested: NestedTaskWork | undefined;
  readonly startedAt: number;
  readonly giveBack: () => Promise<void>;
}

async function report(child: Child, capture: Capture, run: Run): Promise<RunReport> {
  const { outcome, endedAt, usage } = await child.ended;
  const cleared = run.giveBack();
  const { table, step, itemId, gen, fence, logs } = run.work;
  const key = { table, step, itemId, gen, fence };
  const captured = await capture.finish();
  const log = await storeLog(captured, run.nested === undefined ? key : { ...key, nested: run.nested.index }, logs);
  await cleared;
  const ran = { outcome, startedAt: run.startedAt, endedAt, log };
  return usage === undefined ? ran : { ...ran, usage };
}

function notStarted(ended: Promise<RunReport>): RunningCommand {
  return { pid: undefined, stop: () => undefined, ended };
}
