import type { RunSummary, StopReason, WorkerEvent } from '../domain/event.ts';
import type { Clock } from '../support/clock.ts';
import { createTimers } from '../support/timers.ts';
import { createClaimLoop } from './claim-loop.ts';
import type { ExecutorPort, RunningItem, StorePort } from './ports.ts';
import { runClaimed } from './run-claimed.ts';
import type { WorkerSettings } from './settings.ts';
import { stopPhases } from './stop-phases.ts';
import { createTally } from './tally.ts';
import { createWallTime } from './wall-time.ts';

export interface WorkerParts {
  readonly store: StorePort;
  readonly executor: ExecutorPort;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newNonce: () => string;
  readonly emit: (event: WorkerEvent) => void;
  /** Called last, with what was done: closes the worker's record. */
  readonly close: (summary: RunSummary) => Promise<void>;
}

export interface RunningWorker {
  readonly ended: Promise<RunSummary>;
  /** The first cause wins; a second call ends the children at once. */
  stop(reason: StopReason, withinMs?: number): void;
}

/** Starts a worker: claims, runs, ends, until nothing is left, the wall time is over or it is stopped. */
export function startWorker(parts: WorkerParts): RunningWorker {
  const { settings, clock } = parts;
  const tally = createTally();
  const emit = (event: WorkerEvent): void => {
    tally.onEvent(event);
    parts.emit(event);
  };
  const running = new Set<RunningItem>();
  const giveUp = new AbortController();
  const timers = createTimers();
  let stopping: StopReason | undefined;

  const stopItems = (graceMs: number): void => running.forEach((item) => item.stop('interrupted', graceMs));

  const watch = (item: RunningItem): (() => void) => {
    running.add(item);
    return () => running.delete(item);
  };
  const context = { ...parts, emit, watch, giveUp: giveUp.signal, stopping: () => stopping !== undefined };
  const loop = createClaimLoop({
    ...parts,
    emit,
    wall: createWallTime(clock, settings.wallMs),
    runItem: (claimed) => runClaimed(context, claimed),
    onCrash: () => stop('error'),
  });

  function stop(reason: StopReason, withinMs = settings.stopTimeoutMs): void {
    if (stopping !== undefined) {
      stopItems(0);
      return;
    }
    stopping = reason;
    loop.stop(reason);
    emit({ type: 'worker-stopping', at: clock.wall(), workerId: settings.workerId, reason });
    const phases = stopPhases(reason, withinMs);
    timers.after(phases.termAfterMs, () => stopItems(phases.killAfterMs - phases.termAfterMs));
    timers.after(phases.giveUpAfterMs, () => giveUp.abort());
  }

  /** All outcomes are written by now; that the worker's own record stays behind must not change how the run came out. */
  async function close(reason: StopReason): Promise<RunSummary> {
    const summary = tally.summary(reason);
    await parts.close(summary).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      emit({ type: 'store-trouble', at: clock.wall(), operation: 'close worker', message, retryInMs: 0 });
    });
    emit({ type: 'worker-stopped', at: clock.wall(), workerId: settings.workerId, summary });
    return summary;
  }

  async function live(): Promise<RunSummary> {
    if (settings.wallMs !== undefined) timers.after(settings.wallMs, () => stop('wall-time'));
    try {
      const reason = await loop.run();
      return await close(stopping ?? reason);
    } catch (error) {
      await close('error');
      throw error;
    } finally {
      timers.clear();
      await parts.executor.close();
    }
  }

  return { ended: live(), stop };
}
