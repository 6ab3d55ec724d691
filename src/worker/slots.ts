import { createSignal } from '../support/signal.ts';

/** The worker's room for items: one slot from the try to claim until the ending write. */
export interface Slots {
  readonly free: () => number;
  readonly busy: () => number;
  /** Takes a slot until the task has ended; a task that throws is a crash of the worker. */
  occupy(task: Promise<void>): void;
  /** Resolves when a slot was freed or `notify` was called, or after `withinMs`. */
  changed(withinMs?: number): Promise<void>;
  notify(): void;
  /** Resolves when all tasks have ended. */
  drained(): Promise<void>;
}

export function createSlots(total: number, onCrash: (error: unknown) => void): Slots {
  const signal = createSignal();
  const active = new Set<Promise<void>>();
  return {
    free: () => total - active.size,
    busy: () => active.size,
    occupy(task) {
      const tracked = task.catch(onCrash).finally(() => {
        active.delete(tracked);
        signal.notify();
      });
      active.add(tracked);
    },
    changed: (withinMs) => signal.wait(withinMs),
    notify: () => signal.notify(),
    async drained() {
      while (active.size > 0) await Promise.all(active);
    },
  };
}
