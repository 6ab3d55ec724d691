import { setTimeout as sleep } from 'node:timers/promises';

/** Time as the code sees it; tests hand in their own. */
export interface Clock {
  /** Monotonic, ms. For every decision. */
  mono(): number;
  /** Wall clock, epoch ms. For display only. */
  wall(): number;
  /** Resolves after `ms`, or at once when the signal aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
