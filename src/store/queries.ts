import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Item, RunRecord } from '../domain/item.ts';
import { partitionKey } from '../domain/place.ts';
import type { ItemState } from '../domain/state.ts';
import { readRaw } from './claims.ts';
import { asked, type Db } from './db.ts';
import { beginning, countAll, queryAll, type Query } from './pages.ts';
import { readMany } from './read-many.ts';
import { fullItemOf, runOf, type Raw, type StoredRun } from './record.ts';
import { attemptPrefix, BY_STATE, BY_TASK, itemIdOf, itemPk } from './schema.ts';

/** An entry of the index `byState`. */
export interface Entry {
  readonly itemId: string;
  readonly stateOrder: string;
}

function entryOf(raw: Raw): Entry {
  return { itemId: itemIdOf(String(raw['pk'])), stateOrder: String(raw['stateOrder']) };
}

export interface Partition {
  readonly step: string;
  readonly state: ItemState;
  readonly shard: number;
}

/** One page of a partition, from just behind `after` (its start when absent), or only what lies before `before`. */
export async function readPage(
  db: Db,
  partition: Partition,
  options: { after?: string; before?: string; limit: number },
): Promise<Entry[]> {
  const bound =
    options.after !== undefined
      ? ' AND stateOrder > :bound'
      : options.before !== undefined
        ? ' AND stateOrder < :bound'
        : '';
  const command = new QueryCommand({
    TableName: db.table,
    IndexName: BY_STATE,
    KeyConditionExpression: `stateKey = :key${bound}`,
    ExpressionAttributeValues: {
      ':key': partitionKey(partition.step, partition.state, partition.shard),
      ...(bound === '' ? {} : { ':bound': options.after ?? options.before }),
    },
    Limit: options.limit,
  });
  const answer = await asked(db, 'Query', () => db.patient.send(command));
  return (answer.Items ?? []).map(entryOf);
}

function wholePartition({ step, state, shard }: Partition): Query {
  return {
    IndexName: BY_STATE,
    KeyConditionExpression: 'stateKey = :key',
    ExpressionAttributeValues: { ':key': partitionKey(step, state, shard) },
  };
}

/** How many items a step has in a state, counted on the index: eventually consistent, no item is read. */
export async function countPartition(db: Db, partition: Partition): Promise<number> {
  return await countAll(db, wholePartition(partition));
}

/** All entries of a partition, in order, streamed by pages. */
export async function* listPartition(db: Db, partition: Partition): AsyncGenerator<Entry> {
  for await (const raw of queryAll(db, wholePartition(partition))) yield entryOf(raw);
}

/** Ids of the items of a task (a sample), over all steps. */
export async function* listTask(db: Db, taskId: string): AsyncGenerator<string> {
  const query = {
    IndexName: BY_TASK,
    KeyConditionExpression: 'taskId = :task',
    ExpressionAttributeValues: { ':task': taskId },
  };
  for await (const raw of queryAll(db, query)) yield itemIdOf(String(raw['pk']));
}

/** Items by id, in the order asked for, without the output's own records; ids that are not there are left out. At most 100. */
export async function readItems(db: Db, itemIds: readonly string[]): Promise<Item[]> {
  const found = await readMany(db, itemIds);
  const items: Item[] = [];
  for (const id of itemIds) {
    const raw = found.get(id);
    if (raw !== undefined) items.push(await fullItemOf(db, raw, false));
  }
  return items;
}

/** One item in full, strongly consistent, or undefined. */
export async function readItem(db: Db, itemId: string): Promise<Item | undefined> {
  const raw = await readRaw(db, itemId);
  return raw === undefined ? undefined : await fullItemOf(db, raw, true);
}

/** Earlier attempts of an item's present gen, oldest first. */
export async function listAttempts(db: Db, item: Item): Promise<RunRecord[]> {
  const runs: RunRecord[] = [];
  for await (const raw of queryAll(db, beginning(itemPk(item.itemId), attemptPrefix(item.gen)))) {
    const { pk: _pk, sk: _sk, ...run } = raw;
    runs.push(await runOf(db, item, run as unknown as StoredRun, false));
  }
  return runs;
}
