import type { WorkerEvent } from '../domain/event.ts';
import { releaseMemory } from '../support/release-memory.ts';

/** A worker that found nothing for so long gives memory back, once until it has worked again. */
const AFTER_MS = 3000;

/** Listens to a worker's events; shares its host politely while there is nothing to do. */
export function createIdleMemory(release: () => Promise<void> = releaseMemory): { onEvent(event: WorkerEvent): void } {
  let worked = false;
  let timer: NodeJS.Timeout | undefined;
  let running = 0;

  function schedule(): void {
    if (!worked || running > 0 || timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      worked = false;
      void release();
    }, AFTER_MS).unref();
  }

  function cancel(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    onEvent({ type }) {
      if (type === 'item-claimed') {
        running++;
        worked = true;
        cancel();
      } else if (type === 'item-finished' || type === 'item-fenced') running--;
      else if (type === 'poll-empty') schedule();
      else if (type === 'worker-stopped') cancel();
    },
  };
}
