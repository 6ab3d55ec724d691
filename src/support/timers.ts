/** What a timer of Node can hold; a longer one would fire at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A set of timers that end together. */
export interface Timers {
  /** Calls once after `ms`, which may be longer than one timer can be. */
  after(ms: number, action: () => void): void;
  clear(): void;
}

export function createTimers(): Timers {
  const timers = new Set<NodeJS.Timeout>();
  function after(ms: number, action: () => void): void {
    const rest = ms - LONGEST_MS;
    timers.add(rest > 0 ? setTimeout(() => after(rest, action), LONGEST_MS) : setTimeout(action, ms));
  }
  return {
    after,
    clear() {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
}
