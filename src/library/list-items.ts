import type { Item } from '../domain/item.ts';
import { ITEM_STATES } from '../domain/state.ts';
import type { Db } from '../store/db.ts';
import { listPartition, listTask, readItems } from '../store/queries.ts';
import { listSteps } from '../store/steps.ts';
import { requireSteps } from './status.ts';
import type { ItemFilter } from './types.ts';

const PAGE = 100;

/**
 * Items by filter, a page of 100 in memory at a time. Throws STEP_UNKNOWN. Beside the page only ids are kept: an item that
 * changes its state meanwhile may stand in two partitions and comes once.
 */
export async function* listItems(db: Db, filter: ItemFilter): AsyncGenerator<Item> {
  const known = await listSteps(db);
  if (filter.steps !== undefined) requireSteps(known, filter.steps, db.table);
  const wanted = new Set(filter.states ?? ITEM_STATES);
  const steps = new Set(filter.steps);
  const fits = (item: Item): boolean =>
    wanted.has(item.state) &&
    (filter.steps === undefined || steps.has(item.step)) &&
    (filter.taskId === undefined || item.taskId === filter.taskId);
  const seen = new Set<string>();
  let ids: string[] = [];
  const names = filter.steps ?? known.map((step) => step.name);
  for await (const id of filter.taskId === undefined ? idsByState(db, names, filter) : listTask(db, filter.taskId)) {
    if (seen.has(id)) continue;
    seen.add(id);
    ids.push(id);
    if (ids.length < PAGE) continue;
    for (const item of await readItems(db, ids)) if (fits(item)) yield item;
    ids = [];
  }
  if (ids.length > 0) for (const item of await readItems(db, ids)) if (fits(item)) yield item;
}

async function* idsByState(db: Db, steps: readonly string[], filter: ItemFilter): AsyncGenerator<string> {
  for (const step of steps) {
    for (const state of filter.states ?? ITEM_STATES) {
      for (let shard = 0; shard < db.shards; shard++) {
        for await (const entry of listPartition(db, { step, state, shard })) yield entry.itemId;
      }
    }
  }
}
