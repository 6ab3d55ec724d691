import { causeOf } from '../domain/outcome.ts';
import type { FromItem, ItemEnd, ItemWork, ToItem } from '../domain/work.ts';
import type { NestedTaskWork } from './command.ts';
import type { RunnerCommand } from './runner.ts';
import type { StartCommand } from './runners.ts';

/** What the loop needs of the outside. */
export interface ItemHost {
  readonly start: StartCommand;
  readonly post: (message: FromItem) => void;
  /** Told of the process in each of the `parallel` places, and 0 when it is gone. */
  readonly track: (place: number, pid: number) => void;
}

export interface ItemRun {
  receive(message: ToItem): void;
  /** Rejects only for a bug. */
  readonly ended: Promise<ItemEnd>;
}

type Stop = Extract<ToItem, { type: 'stop' }>;
type NestedWork = NonNullable<ItemWork['nested']>;

/** Runs one item to its end. */
export function runItem(work: ItemWork, host: ItemHost): ItemRun {
  return work.nested === undefined ? runSingle(work, host) : runNested(work, work.nested, host);
}

function runSingle(work: ItemWork, host: ItemHost): ItemRun {
  const command = host.start();
  void announce(host, command, 0);
  return {
    receive: (message) => {
      if (message.type === 'stop') command.stop(message.reason, message.graceMs ?? work.graceMs);
    },
    ended: finishSingle(command, host),
  };
}

async function finishSingle(command: RunnerCommand, host: ItemHost): Promise<ItemEnd> {
  const report = await command.ended;
  host.track(0, 0);
  return { type: 'single', report };
}

interface NestedRun {
  readonly freePlaces: number[];
  readonly running: Set<RunnerCommand>;
  /** Reported tasks that the worker has not written yet. */
  readonly unanswered: Set<number>;
  next: number;
  done: number;
  failed: number;
  stop: Stop | undefined;
}

/**
 * Up to `parallel` commands at once; `sequence` runs one at a time and ends at the first failure.
 *
 *   next task ──place free, few reports unanswered──► running ──ended──► reported (`finished`) ──► answered (`committed`)
 *                                                        └── stopped from outside: not reported, it stays to be done
 */
function runNested(work: ItemWork, nested: NestedWork, host: ItemHost): ItemRun {
  const { tasks, mode } = nested;
  const parallel = mode === 'sequence' ? 1 : Math.max(1, nested.parallel);
  const maxUnanswered = Math.max(16, 2 * parallel);
  const startedAt = Date.now();
  const end = Promise.withResolvers<ItemEnd>();
  const run = newRun(parallel);

  function startMore(): void {
    while (!isOver() && run.unanswered.size < maxUnanswered) {
      const task = tasks[run.next];
      const place = run.freePlaces.at(-1);
      if (task === undefined || place === undefined) return;
      run.freePlaces.pop();
      run.next += 1;
      runTask(task, place).catch(fail);
    }
    if (run.running.size === 0 && isOver()) end.resolve(summary(run, tasks.length, startedAt));
  }

  function isOver(): boolean {
    return run.stop !== undefined || run.next >= tasks.length || (mode === 'sequence' && run.failed > 0);
  }

  async function runTask(task: NestedTaskWork, place: number): Promise<void> {
    const command = host.start(task);
    run.running.add(command);
    await announce(host, command, place, task.index);
    const report = await command.ended;
    host.track(place, 0);
    run.running.delete(command);
    run.freePlaces.push(place);
    if (!wasStopped(report.outcome.kind)) {
      if (causeOf(report.outcome) === 'ok') run.done += 1;
      else run.failed += 1;
      run.unanswered.add(task.index);
      host.post({ type: 'finished', nested: task.index, report });
    }
    startMore();
  }

  function fail(error: unknown): void {
    run.stop ??= { type: 'stop', reason: 'interrupted' };
    end.reject(error);
  }

  function receive(message: ToItem): void {
    if (message.type === 'committed') {
      run.unanswered.delete(message.nested);
    } else {
      run.stop ??= message;
      for (const command of run.running) command.stop(message.reason, message.graceMs ?? work.graceMs);
    }
    startMore();
  }

  startMore();
  return { receive, ended: end.promise };
}

function newRun(parallel: number): NestedRun {
  const freePlaces = Array.from({ length: parallel }, (_, place) => place);
  return { freePlaces, running: new Set(), unanswered: new Set(), next: 0, done: 0, failed: 0, stop: undefined };
}

function summary({ done, failed, stop }: NestedRun, total: number, startedAt: number): ItemEnd {
  const unfinished = total - done - failed;
  const counts = { type: 'nested', startedAt, endedAt: Date.now(), done, failed, unfinished } as const;
  return stop === undefined || unfinished === 0 ? counts : { ...counts, stopped: stop.reason };
}

async function announce(host: ItemHost, command: RunnerCommand, place: number, nested?: number): Promise<void> {
  const pid = await command.started;
  if (pid === undefined) return;
  host.track(place, pid);
  host.post({ type: 'started', pid, ...(nested === undefined ? {} : { nested }) });
}

function wasStopped(kind: string): boolean {
  return kind === 'interrupted' || kind === 'cancelled' || kind === 'lost-lease';
}
