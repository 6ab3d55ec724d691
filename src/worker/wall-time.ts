import type { Clock } from '../support/clock.ts';

/** Weight of the newest item in the moving average. */
const NEWEST = 0.3;

/** Keeps the average length of each step's items, and tells whether one more is expected to end within the wall time. */
export interface WallTime {
  readonly leftMs: () => number;
  fits(step: string): boolean;
  ended(step: string, durationMs: number): void;
}

export function createWallTime(clock: Clock, wallMs: number | undefined): WallTime {
  const startedAt = clock.mono();
  const averages = new Map<string, number>();
  const leftMs = (): number => (wallMs === undefined ? Infinity : startedAt + wallMs - clock.mono());
  return {
    leftMs,
    fits: (step) => leftMs() > (averages.get(step) ?? 0),
    ended(step, durationMs) {
      const before = averages.get(step);
      averages.set(step, before === undefined ? durationMs : before + NEWEST * (durationMs - before));
    },
  };
}
