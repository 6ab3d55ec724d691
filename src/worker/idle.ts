/** When a worker without work looks again, and when it leaves. Pure: times are handed in, ms. */
export interface IdleRules {
  readonly idleExitMs: number | undefined;
  readonly lingerMs: number;
}

/** After each change the index may lag: sweeps come soon at first, then ever later. */
const FIRST_SWEEP_MS = 500;
const LONGEST_SWEEP_MS = 300_000;
const LONGEST_POLL_MS = 5000;

export interface IdleState {
  /** When the ring was first found empty since work was last seen. */
  readonly since: number;
  readonly wake: number;
  readonly nextSweepAt: number;
  readonly sweepPauseMs: number;
}

export function startIdle(now: number, wake: number): IdleState {
  return { since: now, wake, nextSweepAt: now + FIRST_SWEEP_MS, sweepPauseMs: FIRST_SWEEP_MS };
}

/** After an empty sweep. */
export function sweptEmpty(idle: IdleState, now: number): IdleState {
  const sweepPauseMs = Math.min(idle.sweepPauseMs * 2, LONGEST_SWEEP_MS);
  return { ...idle, nextSweepAt: now + sweepPauseMs, sweepPauseMs };
}

/** A bump of `wake` says that something was put on the list. */
export function sawWake(idle: IdleState, wake: number, now: number): IdleState {
  return wake === idle.wake ? idle : { ...startIdle(now, wake), since: idle.since, nextSweepAt: now };
}

/** Pause until the next look at the fleet record: short at first, 0.5 … 1.5 of it so that workers spread. */
export function pollPauseMs(idle: IdleState, now: number, random: number): number {
  const base = Math.min(LONGEST_POLL_MS, Math.max(250, (now - idle.since) / 4));
  return Math.max(50, Math.min(base * (0.5 + random), Math.max(50, idle.nextSweepAt - now)));
}

/** Whether the worker may leave: long enough idle, and nothing falls due while it would linger. */
export function mayLeave(idle: IdleState, rules: IdleRules, now: number, nextDueInMs: number | undefined): boolean {
  if (rules.idleExitMs === undefined || now - idle.since < rules.idleExitMs) return false;
  return nextDueInMs === undefined || nextDueInMs > rules.lingerMs;
}
