/** Wakes whoever waits, once; a notify with nobody waiting is remembered for the next one. */
export interface Signal {
  notify(): void;
  /** Resolves at the next notify, or after `withinMs`; never rejects. */
  wait(withinMs?: number): Promise<void>;
}

export function createSignal(): Signal {
  let pending = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      if (wake === undefined) pending = true;
      else wake();
    },
    wait(withinMs) {
      if (pending) {
        pending = false;
        return Promise.resolve();
      }
      return new Promise((resolve) => {
        const timer = withinMs === undefined ? undefined : setTimeout(() => wake?.(), withinMs);
        wake = () => {
          clearTimeout(timer);
          wake = undefined;
          resolve();
        };
      });
    },
  };
}
