import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { RunReport } from '../domain/log-ref.ts';
import type { ItemWork } from '../domain/work.ts';
import type { NestedTaskWork } from './command.ts';
import { endLeftovers } from './leftovers.ts';
import { reportNotRun } from './not-run.ts';
import type { FromRunner, ToRunner } from './runner-protocol.ts';
import { spawnFailed } from './spawn-failure.ts';
import type { StopCause } from './termination.ts';

/** One command in a runner. */
export interface RunnerCommand {
  /** Resolves with its process, or undefined when it could not be started. Never rejects. */
  readonly started: Promise<number | undefined>;
  stop(cause: StopCause, graceMs: number): void;
  /** Resolves when nothing of it runs any more; a runner that dies is an end, too. Never rejects. */
  readonly ended: Promise<RunReport>;
}

/** A process that runs commands for this thread. */
export interface Runner {
  /** Commands that are asked for and not started yet, and those that run. */
  readonly starting: () => number;
  readonly running: () => number;
  readonly alive: () => boolean;
  open(item: number, work: ItemWork, name: string): void;
  start(item: number, nested: NestedTaskWork | undefined): RunnerCommand;
  /** Resolves when what was kept for the item is removed. */
  close(item: number): Promise<void>;
  /** Ends the process; to be called when it has nothing to do. */
  end(): void;
}

interface Open {
  readonly startedAt: number;
  pid: number | undefined;
  readonly started: PromiseWithResolvers<number | undefined>;
  readonly ended: PromiseWithResolvers<RunReport>;
  isStarting: boolean;
}

export function startRunner(): Runner {
  const child = forkRunner();
  const open = new Map<number, Open>();
  const closing = new Map<number, PromiseWithResolvers<void>>();
  let commands = 0;
  let alive = true;

  function send(message: ToRunner): void {
    // What cannot be sent any more is answered by the runner's death.
    if (child.connected) child.send(message, () => undefined);
  }

  function receive(message: FromRunner): void {
    if (message.type === 'closed') return closing.get(message.item)?.resolve();
    const command = open.get(message.command);
    if (command === undefined) return;
    command.isStarting = false;
    command.started.resolve(message.type === 'started' ? message.pid : undefined);
    if (message.type === 'started') command.pid = message.pid;
    else {
      open.delete(message.command);
      command.ended.resolve(message.report);
    }
  }

  function die(why: string): void {
    if (!alive) return;
    alive = false;
    for (const command of open.values()) void abandon(command, why);
    open.clear();
    for (const item of closing.values()) item.resolve();
  }

  child.on('message', receive);
  child.once('error', (error) => die(error.message));
  child.once('exit', (code, signal) => die(`the process that ran it ended (${signal ?? `exit code ${code}`})`));
  return {
    starting: () => [...open.values()].filter((command) => command.isStarting).length,
    running: () => open.size,
    alive: () => alive,
    open: (item, work, name) => send({ type: 'open', item, work: withoutTasks(work), name, env: { ...process.env } }),
    start(item, nested) {
      const number = (commands += 1);
      const command = newCommand();
      open.set(number, command);
      send({ type: 'start', item, command: number, ...(nested === undefined ? {} : { nested }) });
      if (!alive) void abandon(command, 'the process that runs commands is gone');
      return {
        started: command.started.promise,
        ended: command.ended.promise,
        stop: (cause, graceMs) => send({ type: 'stop', command: number, cause, graceMs }),
      };
    },
    async close(item) {
      const closed = Promise.withResolvers<void>();
      closing.set(item, closed);
      send({ type: 'close', item });
      if (alive) await closed.promise;
      closing.delete(item);
    },
    end: () => (child.connected ? child.disconnect() : undefined),
  };
}

function forkRunner(): ChildProcess {
  // Beside this file, with its ending: sources run as they are, and built.
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fork(fileURLToPath(new URL(`./runner-process.${ending}`, import.meta.url)), {
    // Its own session: Ctrl-C on the worker's terminal is the worker's to handle.
    detached: true,
    // Reports hold bytes.
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // Flags of the worker are not for it: some (`--input-type`) would keep it from starting.
    execArgv: [],
  });
}

function newCommand(): Open {
  return {
    startedAt: Date.now(),
    pid: undefined,
    started: Promise.withResolvers(),
    ended: Promise.withResolvers(),
    isStarting: true,
  };
}

/** The tasks are sent one by one; thousands of them would be copied for nothing. */
function withoutTasks(work: ItemWork): ItemWork {
  return work.nested === undefined ? work : { ...work, nested: { ...work.nested, tasks: [] } };
}

/** A runner that dies by kill −9 leaves its children: they are ended before anybody may believe that they are gone. */
async function abandon(command: Open, why: string): Promise<void> {
  command.started.resolve(undefined);
  if (command.pid !== undefined) await endLeftovers(command.pid, 0);
  command.ended.resolve(reportNotRun(spawnFailed('RUNNER_DIED', why), command.startedAt));
}
