import type { StopReason } from '../domain/event.ts';

/** When, after the order to stop, children get TERM, then KILL, and when even writing outcomes ends. ms, ascending. */
export interface StopPhases {
  readonly termAfterMs: number;
  readonly killAfterMs: number;
  readonly giveUpAfterMs: number;
}

/** What must remain for giving items back and closing the record. */
const LAST_MS = 8000;
/** What remains for closing the record after the last try to write an outcome. */
const CLOSING_MS = 1500;

/**
 * Rule R11: a fifth of the time for work to end by itself, KILL 8 s before the end (never later than three fifths of a
 * short time). Ctrl-C means now: TERM at once.
 */
export function stopPhases(reason: StopReason, withinMs: number): StopPhases {
  const termAfterMs = reason === 'sigint' ? 0 : withinMs / 5;
  const killAfterMs = Math.max(withinMs * 0.6, withinMs - LAST_MS);
  return { termAfterMs, killAfterMs, giveUpAfterMs: withinMs - Math.min(CLOSING_MS, withinMs * 0.05) };
}
