import type { RunSummary, StopReason, WorkerEvent } from '../domain/event.ts';

/** Counts a worker's own events into the summary that it prints when it ends. */
export interface Tally {
  onEvent(event: WorkerEvent): void;
  summary(reason: StopReason): RunSummary;
}

export function createTally(): Tally {
  const counts = { done: 0, failed: 0, retried: 0, givenBack: 0, fenced: 0, nestedDone: 0, nestedFailed: 0 };
  const byState = { done: 'done', failed: 'failed', waiting: 'retried', todo: 'givenBack' } as const;
  return {
    onEvent(event) {
      if (event.type === 'item-finished' && event.state in byState)
        counts[byState[event.state as keyof typeof byState]]++;
      if (event.type === 'item-fenced') counts.fenced++;
      if (event.type === 'nested-finished') counts[event.cause === 'ok' ? 'nestedDone' : 'nestedFailed']++;
    },
    summary: (reason) => ({ ...counts, reason }),
  };
}
