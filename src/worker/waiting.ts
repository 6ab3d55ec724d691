import type { WorkerEvent } from '../domain/event.ts';
import type { Clock } from '../support/clock.ts';
import type { StorePort } from './ports.ts';

export interface Waiting {
  /** Makes due items of these steps claimable; true when there were any. */
  promote(steps: readonly string[]): Promise<boolean>;
  /** ms until the next waiting item of these steps falls due (negative: overdue); undefined when none waits. */
  nextDueInMs(steps: readonly string[]): Promise<number | undefined>;
}

export function createWaiting(
  store: Pick<StorePort, 'shards' | 'promoteDue' | 'nextDue' | 'bumpWake' | 'serverNow'>,
  clock: Clock,
  emit: (event: WorkerEvent) => void,
): Waiting {
  async function visitAll<T>(
    steps: readonly string[],
    visit: (step: string, shard: number) => Promise<T>,
  ): Promise<T[]> {
    const all: T[] = [];
    for (const step of steps) {
      all.push(...(await Promise.all(Array.from({ length: store.shards }, (_, shard) => visit(step, shard)))));
    }
    return all;
  }
  return {
    async promote(steps) {
      const promoted = await visitAll(steps, async (step, shard) => {
        const ids = await store.promoteDue(step, shard);
        for (const itemId of ids) emit({ type: 'item-promoted', at: clock.wall(), step, itemId });
        return ids.length;
      });
      const any = promoted.some((count) => count > 0);
      if (any) await store.bumpWake();
      return any;
    },
    async nextDueInMs(steps) {
      const dues = (await visitAll(steps, (step, shard) => store.nextDue(step, shard))).filter(
        (due) => due !== undefined,
      );
      return dues.length === 0 ? undefined : Math.min(...dues) - store.serverNow();
    },
  };
}
