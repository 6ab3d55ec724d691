import type { WorkerEvent } from '../domain/event.ts';
import type { Clock } from '../support/clock.ts';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface Patience {
  readonly clock: Clock;
  readonly emit: (event: WorkerEvent) => void;
  /** Ends the trying. */
  readonly giveUp: AbortSignal;
}

export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

/**
 * Repeats a write until it has a definite answer: an outcome is never dropped because the table was away for a while.
 * Throws GaveUp when told to, with the last trouble as its cause.
 */
export async function untilAnswered<T>(
  operation: string,
  patience: Patience,
  attempt: () => Promise<T | { readonly unknown: string }>,
): Promise<T> {
  let trouble: unknown;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      const answer = await attempt();
      if (!isUnknown(answer)) return answer;
      trouble = answer.unknown;
    } catch (error) {
      trouble = error;
    }
    const message = trouble instanceof Error ? trouble.message : String(trouble);
    patience.emit({ type: 'store-trouble', at: patience.clock.wall(), operation, message, retryInMs: pauseMs });
    if (!patience.giveUp.aborted) await patience.clock.sleep(pauseMs, patience.giveUp);
    if (patience.giveUp.aborted) throw new GaveUp(`${operation} was not answered`, { cause: trouble });
  }
}

function isUnknown(answer: unknown): answer is { readonly unknown: string } {
  return typeof answer === 'object' && answer !== null && 'unknown' in answer;
}
