import type { Item, NestedTask } from '../domain/item.ts';
import { eachBounded, type Db } from './db.ts';
import { beginning, countAll, queryAll, queryPages, type Query } from './pages.ts';
import { nestedOf } from './record.ts';
import { itemPk, nestedPrefix } from './schema.ts';

/** Outputs that have records of their own, read at once. */
const READ_AT_ONCE = 16;

/** The nested tasks of an item, those that are done (`=`) or those that are not (`<>`). */
function doneOrNot(itemId: string, gen: string, comparison: '=' | '<>'): Query {
  const query = beginning(itemPk(itemId), nestedPrefix(gen));
  return {
    ...query,
    FilterExpression: `#state ${comparison} :done`,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ...query.ExpressionAttributeValues, ':done': 'done' },
  };
}

/** The nested tasks of an item that still have to run, in order, strongly consistent: todo and failed ones. */
export async function listNestedToRun(db: Db, item: Item): Promise<{ index: number; arg: string }[]> {
  const query = { ...doneOrNot(item.itemId, item.gen, '<>'), ProjectionExpression: 'sk, arg', ConsistentRead: true };
  const tasks: { index: number; arg: string }[] = [];
  for await (const raw of queryAll(db, query)) {
    tasks.push({ index: Number(String(raw['sk']).slice(-6)), arg: String(raw['arg']) });
  }
  return tasks;
}

/** All nested tasks of an item with their outcomes, in order; logs of their own records are read too when `withOutput`. */
export async function listNested(db: Db, item: Item, withOutput: boolean): Promise<NestedTask[]> {
  const tasks: NestedTask[] = [];
  for await (const page of queryPages(db, beginning(itemPk(item.itemId), nestedPrefix(item.gen)))) {
    const read: NestedTask[] = Array.from({ length: page.length });
    await eachBounded(page.entries(), READ_AT_ONCE, async ([i, raw]) => {
      read[i] = await nestedOf(db, item, raw, withOutput);
    });
    tasks.push(...read);
  }
  return tasks;
}

/** How many nested tasks of a running item are done by now. */
export async function countNestedDone(db: Db, itemId: string, gen: string): Promise<number> {
  return await countAll(db, doneOrNot(itemId, gen, '='));
}
