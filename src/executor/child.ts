import { execa } from 'execa';

import type { Usage } from '../domain/log-ref.ts';
import type { Outcome } from '../domain/outcome.ts';
import type { Capture } from '../logs/capture.ts';
import { endLeftovers } from './leftovers.ts';
import { pumpOutput } from './output-pump.ts';
import type { OutputPump } from './output-pump.ts';
import { isSessionAlive, signalGroup } from './process-group.ts';
import { explainSpawnFailure } from './spawn-failure.ts';
import { createTermination } from './termination.ts';
import type { StopCause, Termination } from './termination.ts';
import { watchUsage } from './usage.ts';

/** What a command may leave running, or its output open, after its own end, before that is ended too. */
const LEFTOVER_MS = 1000;

export interface ChildOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absent: the folder of this process. */
  readonly cwd: string | undefined;
  readonly capture: Capture;
  readonly timeoutMs: number | undefined;
  readonly silentTimeoutMs: number | undefined;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  readonly leftoverMs?: number;
}

export interface ChildEnd {
  readonly outcome: Outcome;
  /** When the child itself ended, epoch ms. */
  readonly endedAt: number;
  readonly usage: Usage | undefined;
}

export interface Child {
  /** Absent when it could not be started. */
  readonly pid: number | undefined;
  stop(cause: StopCause, graceMs: number): void;
  /** Resolves when the child is gone, all it left in its group is gone, and its output was read. Never rejects. */
  readonly ended: Promise<ChildEnd>;
}

const FIXED_OPTIONS = {
  // Its own session and group: a signal reaches the whole tree, and Ctrl-C on the worker's terminal none of it.
  detached: true,
  reject: false,
  buffer: false,
  // Otherwise execa kills children at the exit of this thread's process by a listener each.
  cleanup: false,
  stdin: 'ignore',
  extendEnv: false,
  encoding: 'buffer',
} as const;

/** Starts one command. Its outcome is the exit of the child itself, or the reason why it was ended before. */
export function startChild(options: ChildOptions): Child {
  const subprocess = spawnDetached(options);
  const { pid } = subprocess;
  if (pid === undefined) return { pid, stop: () => undefined, ended: explainFailure(subprocess, options) };
  const termination = createTermination(pid);
  const output = pumpOutput([subprocess.stdout, subprocess.stderr], options.capture);
  return {
    pid,
    stop: (cause, graceMs) => termination.stop(cause, graceMs),
    ended: superviseChild(subprocess, pid, { options, termination, output }),
  };
}

type Subprocess = ReturnType<typeof spawnDetached>;

function spawnDetached({ file, args, env, cwd = process.cwd() }: ChildOptions) {
  return execa(file, args, { ...FIXED_OPTIONS, env, cwd });
}

async function explainFailure(subprocess: Subprocess, options: ChildOptions): Promise<ChildEnd> {
  const result = await subprocess;
  const detail = result.originalMessage ?? 'unknown reason';
  const outcome = explainSpawnFailure(result.code ?? 'UNKNOWN', detail, options);
  return { outcome, endedAt: Date.now(), usage: undefined };
}

async function superviseChild(
  subprocess: Subprocess,
  pid: number,
  parts: { options: ChildOptions; termination: Termination; output: OutputPump },
): Promise<ChildEnd> {
  const { options, termination, output } = parts;
  const usage = watchUsage(pid);
  const clearLimits = setLimits(options, termination, output);
  const exit = await exited(subprocess);
  const endedAt = Date.now();
  clearLimits();
  const graceLeft = termination.release();
  const outcome = outcomeOf(exit, termination.cause, options);
  await clearUp(pid, output, { stopped: termination.cause !== undefined, graceLeft, leftoverMs: options.leftoverMs });
  await subprocess;
  return { outcome, endedAt, usage: usage.end() };
}

/**
 * A command has ended when its child has; what that left running gets `leftoverMs` to close the outputs (the `tee` of a script writes its
 * last line), and is then ended. The number of a group is not given out again while it has members, so no stranger is hit.
 */
async function clearUp(
  pid: number,
  output: OutputPump,
  how: { stopped: boolean; graceLeft: number; leftoverMs: number | undefined },
): Promise<void> {
  const { stopped, graceLeft, leftoverMs = LEFTOVER_MS } = how;
  if (!stopped) {
    const groupGone = !signalGroup(pid, 0);
    const closed = await output.endedWithin(leftoverMs);
    // The usual case, without a look through /proc.
    if (groupGone && closed) return;
  }
  if (isSessionAlive(pid)) await endLeftovers(pid, stopped ? graceLeft : leftoverMs);
  await output.finish(leftoverMs);
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

function exited(subprocess: Subprocess): Promise<Exit> {
  return new Promise((resolve) => {
    subprocess.nodeChildProcess.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function outcomeOf(exit: Exit, cause: StopCause | undefined, options: ChildOptions): Outcome {
  switch (cause) {
    case undefined:
      if (exit.signal !== null) return { kind: 'signalled', signal: exit.signal };
      return { kind: 'exited', code: exit.code ?? -1 };
    case 'timed-out':
      return { kind: cause, afterMs: options.timeoutMs ?? 0 };
    case 'silent-too-long':
      return { kind: cause, afterMs: options.silentTimeoutMs ?? 0 };
    case 'interrupted':
    case 'cancelled':
    case 'lost-lease':
      return { kind: cause };
  }
}

/** Longer timers overflow in Node, and fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function setLimits(options: ChildOptions, termination: Termination, output: OutputPump): () => void {
  const { timeoutMs, silentTimeoutMs, graceMs, capture } = options;
  const startedAt = performance.now();
  const stops: (() => void)[] = [];
  if (timeoutMs !== undefined) {
    stops.push(
      deadline(
        () => startedAt + timeoutMs,
        () => termination.stop('timed-out', graceMs),
      ),
    );
  }
  if (silentTimeoutMs !== undefined) {
    // A child whose output we do not take (the disk is slow) is not silent.
    const since = () => (output.isPaused() ? performance.now() : Math.max(startedAt, capture.lastWriteAt));
    stops.push(
      deadline(
        () => since() + silentTimeoutMs,
        () => termination.stop('silent-too-long', graceMs),
      ),
    );
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** Calls `reached` once when the moment that `at` tells, on the clock of performance.now(), has passed; `at` may move on. */
function deadline(at: () => number, reached: () => void): () => void {
  let timer: NodeJS.Timeout;
  function wait(): void {
    const leftMs = at() - performance.now();
    if (leftMs <= 0) reached();
    else timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS));
  }
  wait();
  return () => clearTimeout(timer);
}
