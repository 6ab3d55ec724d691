import { CreateTableCommand, DescribeTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import type { GlobalSecondaryIndex, TableDescription } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Dynamo } from '../aws/dynamo.ts';
import { isConditionFailed, isMissingTable, toAnamoError } from '../aws/errors.ts';
import { AnamoError } from '../domain/errors.ts';
import type { Clock } from '../support/clock.ts';
import { asked, type Db } from './db.ts';
import { BY_STATE, BY_TASK, DEFAULT_SHARDS, SCHEMA_VERSION, TABLE_KEY, TTL_ATTRIBUTE } from './schema.ts';

const READY_WITHIN_MS = 300_000;

function index(IndexName: string, hash: string, range: string): GlobalSecondaryIndex {
  return {
    IndexName,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ],
    Projection: { ProjectionType: 'KEYS_ONLY' },
  };
}

/** The table's description, or undefined when there is no such table. `denied` when describing is not allowed. */
export async function describeTable(db: Dynamo): Promise<TableDescription | 'denied' | undefined> {
  try {
    const answer = await db.patient.send(new DescribeTableCommand({ TableName: db.table }));
    return answer.Table;
  } catch (error) {
    if (isMissingTable(error)) return undefined;
    const known = toAnamoError(error, db.place('DescribeTable'));
    if (known.code === 'AWS_DENIED') return 'denied';
    throw known;
  }
}

/** Creates the table with its indexes (on demand) and waits until it can be used. False when another was faster. */
export async function createTable(db: Dynamo, clock: Clock): Promise<boolean> {
  const created = await sendCreate(db);
  await waitUntilActive(db, clock);
  await enableTtl(db);
  return created;
}

async function sendCreate(db: Dynamo): Promise<boolean> {
  const command = new CreateTableCommand({
    TableName: db.table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk', 'stateKey', 'stateOrder', 'taskId', 'taskOrder'].map((AttributeName) => ({
      AttributeName,
      AttributeType: 'S',
    })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [index(BY_STATE, 'stateKey', 'stateOrder'), index(BY_TASK, 'taskId', 'taskOrder')],
  });
  try {
    await db.patient.send(command);
    return true;
  } catch (error) {
    if ((error as Error).name === 'ResourceInUseException') return false;
    throw toAnamoError(error, db.place('CreateTable'));
  }
}

/** Waits until the table and its indexes can be used; throws TABLE_NOT_READY after 5 minutes. */
export async function waitUntilActive(db: Dynamo, clock: Clock): Promise<void> {
  const deadline = clock.mono() + READY_WITHIN_MS;
  for (let pauseMs = 50; clock.mono() < deadline; pauseMs = Math.min(pauseMs * 2, 5000)) {
    const table = await describeTable(db);
    if (table === 'denied')
      throw new AnamoError('AWS_DENIED', `not allowed to describe table ${db.table}`, {
        hint: 'grant dynamodb:DescribeTable',
      });
    const indexes = table?.GlobalSecondaryIndexes ?? [];
    if (table?.TableStatus === 'ACTIVE' && indexes.every((i) => (i.IndexStatus ?? 'ACTIVE') === 'ACTIVE')) return;
    await clock.sleep(pauseMs);
  }
  throw new AnamoError('TABLE_NOT_READY', `table ${db.table} is not ready after ${READY_WITHIN_MS / 60_000} minutes`, {
    hint: 'look at it in the AWS console, and run the command again',
  });
}

/** A convenience for records of gone workers: what can't (embedded, no permission) is no reason to fail. */
async function enableTtl(db: Dynamo): Promise<void> {
  const TimeToLiveSpecification = { Enabled: true, AttributeName: TTL_ATTRIBUTE };
  await db.patient
    .send(new UpdateTimeToLiveCommand({ TableName: db.table, TimeToLiveSpecification }))
    .catch(() => undefined);
}

/** Writes the table's own record if there is none yet. */
export async function putTableRecord(db: Dynamo, shards: number, now: number): Promise<void> {
  const Item = {
    ...TABLE_KEY,
    schema: SCHEMA_VERSION,
    minReader: SCHEMA_VERSION,
    minWriter: SCHEMA_VERSION,
    shards,
    createdAt: now,
  };
  const command = new PutCommand({ TableName: db.table, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  try {
    await db.patient.send(command);
  } catch (error) {
    if (!isConditionFailed(error)) throw toAnamoError(error, db.place('PutItem'));
  }
}

/**
 * Reads the table's own record. Undefined when the table exists without it; throws TABLE_MISSING without a table, and
 * SCHEMA_TOO_NEW when the table asks for a newer program, for reading or (`writes`) for writing.
 */
export async function readTableRecord(db: Dynamo, writes: boolean): Promise<{ shards: number } | undefined> {
  const command = new GetCommand({ TableName: db.table, Key: TABLE_KEY, ConsistentRead: true });
  const send = () => db.patient.send(command).catch(withoutOtherKeys);
  const record = (await asked(db, 'GetItem', send)).Item;
  if (record === undefined) return undefined;
  // Who writes also reads.
  const needed = Math.max(Number(record['minReader']), writes ? Number(record['minWriter']) : 0);
  if (needed > SCHEMA_VERSION) {
    throw new AnamoError(
      'SCHEMA_TOO_NEW',
      `table ${db.table} asks for schema ${needed}, this anamo ${writes ? 'writes' : 'reads'} schema ${SCHEMA_VERSION} at most`,
      { hint: 'update anamo to the release that made or upgraded the table' },
    );
  }
  return { shards: Number(record['shards'] ?? DEFAULT_SHARDS) };
}

/** A table whose keys have other names has no such record; each server says that in words of its own. */
function withoutOtherKeys(error: unknown): { Item?: undefined } {
  if ((error as Error).name === 'ValidationException') return {};
  throw error;
}

export function withShards(dynamo: Dynamo, shards: number): Db {
  return { ...dynamo, shards };
}
