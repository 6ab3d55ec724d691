import { signalSession } from './process-group.ts';

/** Why a child was ended before its own end. */
export type StopCause = 'interrupted' | 'cancelled' | 'lost-lease' | 'timed-out' | 'silent-too-long';

/**
 *   running ── stop ──► TERM (and CONT, for a suspended one) ── graceMs ──► KILL
 *
 * The first cause wins; a later stop can only shorten the grace.
 */
export interface Termination {
  readonly cause: StopCause | undefined;
  /** Starts to end the child and all its descendants in its session; `graceMs` 0 kills at once. */
  stop(cause: StopCause, graceMs: number): void;
  /** To be called when the child was reaped: from here on no signal is sent. Returns what is left of the grace, in ms. */
  release(): number;
}

/** Ends the detached child `pid` when asked to. */
export function createTermination(pid: number): Termination {
  let cause: StopCause | undefined;
  let killAt = Infinity;
  let timer: NodeJS.Timeout | undefined;
  let released = false;

  function stop(wanted: StopCause, graceMs: number): void {
    if (released) return;
    const at = performance.now() + graceMs;
    if (cause === undefined && graceMs > 0) {
      signalSession(pid, 'SIGTERM');
      signalSession(pid, 'SIGCONT');
    }
    cause ??= wanted;
    if (at >= killAt) return;
    killAt = at;
    clearTimeout(timer);
    if (graceMs <= 0) kill();
    else timer = setTimeout(kill, graceMs);
  }

  function kill(): void {
    if (!released) signalSession(pid, 'SIGKILL');
  }

  return {
    get cause() {
      return cause;
    },
    stop,
    release() {
      released = true;
      clearTimeout(timer);
      return Math.max(0, killAt - performance.now());
    },
  };
}
