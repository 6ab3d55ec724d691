import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel, SHARE_ENV } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';

import { Piscina } from 'piscina';

import type { FromItem, ItemEnd, ItemWork, ToItem } from '../domain/work.ts';
import { clearAbandoned } from './abandoned.ts';
import { createProgress } from './thread-death.ts';
import type { FromThread, ThreadTask, ToThread } from './thread-task.ts';

/** Longer than the idle time of a thread's runners, so that it still sees them end. */
const IDLE_TIMEOUT_MS = 60_000;
const MAX_THREADS = 4;
/** One thread supervises hundreds of commands a second and takes in hundreds of megabytes. */
const SLOTS_PER_THREAD = 32;
/** Processes that run commands, in all: their forks are what costs, and the other half of the cores has work, too. */
const MAX_RUNNERS = 4;

export type StopReason = Extract<ToItem, { type: 'stop' }>['reason'];
export type OnItemMessage = (message: FromItem, reply: (message: ToItem) => void) => void;

export interface RunningItem {
  /** The first reason wins; a later call can only shorten the grace (ms between TERM and KILL; the item's own when absent). */
  stop(reason: StopReason, graceMs?: number): void;
  /** Resolves after the last message, when nothing of the item runs any more. Never rejects: a thread that dies is an end, too. */
  readonly ended: Promise<ItemEnd>;
}

export interface Executor {
  /** Starts an item at once; the caller keeps to the number of slots. */
  run(work: ItemWork, onMessage: OnItemMessage): RunningItem;
  /** Interrupts what still runs, waits for its end and ends the threads. */
  close(): Promise<void>;
}

interface Entry {
  readonly running: RunningItem;
  /** Ends the item when its thread never came up; nothing once it is alive. */
  neverStarted(error: Error): void;
}

export interface ExecutorOptions {
  /** Items at once. */
  readonly slots: number;
  readonly threads?: number;
  /** Processes of each thread that run commands. */
  readonly runners?: number;
}

/** A pool of threads that supervise items, several on one thread when there are more slots than threads. */
export function createExecutor(options: ExecutorOptions): Executor {
  const threads = threadsFor(options);
  const pool = openPool(options.slots, threads);
  const entries = new Set<Entry>();
  let closing: Promise<void> | undefined;

  // A thread that dies before it takes its first task leaves that task in the queue for ever.
  pool.on('error', (error: Error) => {
    for (const entry of entries) entry.neverStarted(error);
  });

  function run(work: ItemWork, onMessage: OnItemMessage): RunningItem {
    if (closing !== undefined) throw new Error('the executor is closed');
    const entry = startItem(pool, { work, onMessage, runnerLimit: options.runners ?? runnersFor(threads) });
    entries.add(entry);
    void entry.running.ended.finally(() => entries.delete(entry));
    return entry.running;
  }

  async function closeAll(): Promise<void> {
    for (const entry of entries) entry.running.stop('interrupted');
    await Promise.all(Array.from(entries, (entry) => entry.running.ended));
    await pool.destroy();
  }

  return { run, close: () => (closing ??= closeAll()) };
}

function threadsFor({ slots, threads }: ExecutorOptions): number {
  return threads ?? Math.min(Math.ceil(slots / SLOTS_PER_THREAD), availableParallelism(), MAX_THREADS);
}

/** Of each thread. */
function runnersFor(threads: number): number {
  const total = Math.min(MAX_RUNNERS, Math.floor(availableParallelism() / 2));
  return Math.max(1, Math.floor(total / threads));
}

function openPool(slots: number, maxThreads: number): Piscina<ThreadTask, void> {
  // Beside this file, with its ending: sources run as they are, and built.
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Piscina({
    filename: fileURLToPath(new URL(`./item-thread.${ending}`, import.meta.url)),
    minThreads: 0,
    maxThreads,
    concurrentTasksPerWorker: Math.ceil(slots / maxThreads),
    idleTimeout: IDLE_TIMEOUT_MS,
    // Otherwise an idle thread waits in a lock, and a timer that is still to run in it never does.
    atomics: 'disabled',
    recordTiming: false,
    // Flags of the main thread are not for these: some (`--input-type`) would keep them from starting.
    execArgv: [],
    // Children get the worker's environment as it is when they start.
    env: SHARE_ENV,
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
}

let items = 0;

interface ItemStart {
  readonly work: ItemWork;
  readonly onMessage: OnItemMessage;
  readonly runnerLimit: number;
}

function startItem(pool: Piscina<ThreadTask, void>, { work, onMessage, runnerLimit }: ItemStart): Entry {
  const { port1: port, port2 } = new MessageChannel();
  const places = work.nested === undefined ? 1 : Math.max(1, work.nested.parallel);
  const pids = new Int32Array(new SharedArrayBuffer(places * Int32Array.BYTES_PER_ELEMENT));
  // The id of a worker is never used twice, so what a killed one left is never met.
  const name = `${work.workerId.replace(/[^\w-]/g, '_')}-${(items += 1)}`;
  const progress = createProgress(work);
  const ended = Promise.withResolvers<ItemEnd>();
  let alive = false;

  function send(message: ToThread): void {
    port.postMessage(message);
  }

  function receive(message: FromThread): void {
    alive = true;
    if (message.type === 'alive') return;
    if (message.type === 'end') return finish(message.end);
    progress.note(message);
    onMessage(message, send);
  }

  function finish(end: ItemEnd): void {
    closePort(port);
    ended.resolve(end);
  }

  async function die(cause: unknown): Promise<void> {
    await clearAbandoned(work, name, pids);
    const { reports, end } = progress.afterDeath(cause);
    for (const report of reports) onMessage(report, () => undefined);
    finish(end);
  }

  port.on('message', receive);
  const task: ThreadTask = { work, name, port: port2, pids, runnerLimit };
  // What the thread sent before it died is delivered first.
  pool.run(task, { transferList: [port2] }).catch((error: unknown) => setImmediate(() => void die(error)));
  return {
    running: { stop: (reason, graceMs) => send(stopMessage(reason, graceMs)), ended: ended.promise },
    neverStarted: (error) => {
      if (!alive) void die(error);
    },
  };
}

function stopMessage(reason: StopReason, graceMs: number | undefined): ToItem {
  return graceMs === undefined ? { type: 'stop', reason } : { type: 'stop', reason, graceMs };
}

function closePort(port: MessagePort): void {
  port.removeAllListeners('message');
  port.close();
}
