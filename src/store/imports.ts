import { BatchWriteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { BatchWriteCommandInput } from '@aws-sdk/lib-dynamodb';
import { isConditionFailed, toAnamoError } from '../aws/errors.ts';
import type { ItemSpec } from '../domain/item.ts';
import { systemClock } from '../support/clock.ts';
import { readRaw } from './claims.ts';
import { asked, type Db } from './db.ts';
import { beginning, queryPages, type Query } from './pages.ts';
import { readMany } from './read-many.ts';
import { newItemRecord } from './record.ts';
import { ANY_NESTED, itemPk, nestedKey, nestedPrefix } from './schema.ts';

type WriteRequests = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>;
const BATCH = 25;

/** Which of these items are in the table already (at most 100 ids). */
export async function findExisting(db: Db, itemIds: readonly string[]): Promise<Set<string>> {
  return new Set((await readMany(db, itemIds, 'pk')).keys());
}

/**
 * Imports one item: its nested tasks first, under a gen of their own, then the item if there is none. That last write
 * reveals all, so an import that is killed half way shows nothing. False when the item was there.
 */
export async function importItem(db: Db, spec: ItemSpec, gen: string, now: number): Promise<boolean> {
  const args = spec.nestedArgs ?? [];
  await writeAll(
    db,
    args.map((arg, index) => ({
      PutRequest: { Item: { ...nestedKey(spec.itemId, gen, index), arg, state: 'todo', fence: 0 } },
    })),
  );
  const revealed = await reveal(db, spec, gen, now);
  if (args.length > 0) await removeStrays(db, spec.itemId, gen, revealed);
  return revealed;
}

/** A refused put may be the echo of our own that came through: the gen of the record tells. */
async function reveal(db: Db, spec: ItemSpec, gen: string, now: number): Promise<boolean> {
  const command = new PutCommand({
    TableName: db.table,
    Item: newItemRecord(spec, gen, db.shards, now),
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  try {
    await db.patient.send(command);
    return true;
  } catch (error) {
    if (isConditionFailed(error)) return (await readRaw(db, spec.itemId))?.['gen'] === gen;
    throw toAnamoError(error, db.place('PutItem'));
  }
}

/**
 * Nested tasks of a dead gen. Only after the item itself has decided which gen lives: the winner removes all others,
 * a loser only its own, so that two imports at once never touch the one that won.
 */
async function removeStrays(db: Db, itemId: string, gen: string, won: boolean): Promise<void> {
  const own = nestedPrefix(gen);
  // Everything before and behind the own ones, which are not read again: there may be thousands.
  const ranges = won
    ? [between(itemId, ANY_NESTED, own), between(itemId, `${own}~`, `${ANY_NESTED}~`)]
    : [beginning(itemPk(itemId), own)];
  for (const range of ranges) {
    for await (const strays of queryPages(db, { ...range, ProjectionExpression: 'pk, sk' })) {
      await writeAll(
        db,
        strays.map((raw) => ({ DeleteRequest: { Key: { pk: raw['pk'], sk: raw['sk'] } } })),
      );
    }
  }
}

function between(itemId: string, from: string, to: string): Query {
  return {
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': itemPk(itemId), ':from': from, ':to': to },
  };
}

/** Batches of 25, four at a time; what the service leaves unprocessed is sent again, with growing pauses. */
async function writeAll(db: Db, requests: WriteRequests): Promise<void> {
  const batches: WriteRequests[] = [];
  for (let i = 0; i < requests.length; i += BATCH) batches.push(requests.slice(i, i + BATCH));
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await writeBatch(db, batch);
  };
  await Promise.all(Array.from({ length: Math.min(4, batches.length) }, lane));
}

async function writeBatch(db: Db, batch: WriteRequests): Promise<void> {
  let left = batch;
  for (let pauseMs = 50; ; pauseMs = Math.min(pauseMs * 2, 5000)) {
    const command = new BatchWriteCommand({ RequestItems: { [db.table]: left } });
    const answer = await asked(db, 'BatchWriteItem', () => db.patient.send(command));
    left = answer.UnprocessedItems?.[db.table] ?? [];
    if (left.length === 0) return;
    await systemClock.sleep(pauseMs);
  }
}
