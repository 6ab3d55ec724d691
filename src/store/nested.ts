import { paginateQuery } from '@aws-sdk/lib-dynamodb';
import type { Item, NestedTask } from '../domain/item.ts';
import { asked, eachBounded, type Db } from './db.ts';
import { nestedOf } from './record.ts';
import { itemPk, nestedPrefix } from './schema.ts';

/** The nested tasks of an item that still have to run, in order, strongly consistent: todo and failed ones. */
export async function listNestedToRun(db: Db, item: Item): Promise<{ index: number; arg: string }[]> {
  const pages = paginateQuery(
    { client: db.patient },
    {
      TableName: db.table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      FilterExpression: '#state <> :done',
      ProjectionExpression: 'sk, arg',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':pk': itemPk(item.itemId), ':prefix': nestedPrefix(item.gen), ':done': 'done' },
      ConsistentRead: true,
    },
  );
  return await asked(db, 'Query', async () => {
    const tasks: { index: number; arg: string }[] = [];
    for await (const page of pages) {
      for (const raw of page.Items ?? [])
        tasks.push({ index: Number(String(raw['sk']).slice(-6)), arg: String(raw['arg']) });
    }
    return tasks;
  });
}

/** Outputs that have records of their own, read at once. */
const READ_AT_ONCE = 16;

/** All nested tasks of an item with their outcomes, in order; logs of their own records are read too when `withOutput`. */
export async function listNested(db: Db, item: Item, withOutput: boolean): Promise<NestedTask[]> {
  const pages = paginateQuery(
    { client: db.patient },
    {
      TableName: db.table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: { ':pk': itemPk(item.itemId), ':prefix': nestedPrefix(item.gen) },
    },
  );
  return await asked(db, 'Query', async () => {
    const tasks: NestedTask[] = [];
    for await (const page of pages) {
      const raws = page.Items ?? [];
      const read: NestedTask[] = Array.from({ length: raws.length });
      await eachBounded(raws.entries(), READ_AT_ONCE, async ([i, raw]) => {
        read[i] = await nestedOf(db, item, raw, withOutput);
      });
      tasks.push(...read);
    }
    return tasks;
  });
}

/** How many nested tasks of a running item are done by now. */
export async function countNestedDone(db: Db, itemId: string, gen: string): Promise<number> {
  const pages = paginateQuery(
    { client: db.patient },
    {
      TableName: db.table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      FilterExpression: '#state = :done',
      Select: 'COUNT',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':pk': itemPk(itemId), ':prefix': nestedPrefix(gen), ':done': 'done' },
    },
  );
  return await asked(db, 'Query', async () => {
    let count = 0;
    for await (const page of pages) count += page.Count ?? 0;
    return count;
  });
}
