import { createDynamo, type Dynamo } from '../aws/dynamo.ts';
import { AnamoError } from '../domain/errors.ts';
import { connectLocal } from '../local/connect.ts';
import { systemClock } from '../support/clock.ts';
import type { Db } from '../store/db.ts';
import { listNested } from '../store/nested.ts';
import { listAttempts, readItem } from '../store/queries.ts';
import { BY_STATE, BY_TASK, DEFAULT_SHARDS } from '../store/schema.ts';
import {
  createTable,
  describeTable,
  putTableRecord,
  readTableRecord,
  waitUntilActive,
  withShards,
} from '../store/tables.ts';
import { importItems } from './import-items.ts';
import { listItems } from './list-items.ts';
import { startTableWorker } from './start-worker.ts';
import { readStatus } from './status.ts';
import type { ItemDetail, OpenOptions, Table } from './types.ts';

export type * from './types.ts';

type Described = Awaited<ReturnType<typeof describeTable>>;

/** While another process has created the table but not yet written its record. */
const RECORD_WITHIN_MS = 5000;

/**
 * Opens a table, on AWS, at an endpoint or embedded; creates it when asked to. Throws an AnamoError: TABLE_MISSING,
 * TABLE_NOT_ANAMO, SCHEMA_TOO_NEW, AWS_…, LOCAL_…
 */
export async function openTable(options: OpenOptions): Promise<Table> {
  await using stack = new AsyncDisposableStack();
  const dynamo = await connect(options, stack);
  const { account, created, shards } = await prepare(dynamo, options);
  const db = withShards(dynamo, shards);
  const closing = stack.move();
  return tableOf(db, account, created, () => closing.disposeAsync());
}

async function connect(options: OpenOptions, stack: AsyncDisposableStack): Promise<Dynamo> {
  if (options.local === undefined) {
    const dynamo = await createDynamo(options);
    stack.defer(() => dynamo.close());
    return dynamo;
  }
  const local = await connectLocal(options.local);
  stack.defer(() => local.release());
  const { accessKeyId, secretAccessKey, endpointUrl, region } = local;
  const dynamo = await createDynamo({
    table: options.table,
    region: options.region ?? region,
    endpointUrl,
    credentials: { accessKeyId, secretAccessKey },
  });
  stack.defer(() => dynamo.close());
  return dynamo;
}

async function prepare(
  dynamo: Dynamo,
  options: OpenOptions,
): Promise<{ account: string; created: boolean; shards: number }> {
  let described = await describeTable(dynamo);
  let created = false;
  if (described === undefined) {
    if (options.whenMissing !== 'create') throw missing(dynamo, options);
    created = await createTable(dynamo, systemClock);
    if (created) await putTableRecord(dynamo, options.shards ?? DEFAULT_SHARDS, dynamo.serverNow());
    described = await describeTable(dynamo);
  } else if (described !== 'denied' && described.TableStatus === 'CREATING') {
    // By another process, this moment: until it is there, reading says that there is no table.
    await waitUntilActive(dynamo, systemClock);
  }
  const shards = await waitForRecord(dynamo, options, described);
  const account =
    described === undefined || described === 'denied' ? 'unknown' : (described.TableArn?.split(':')[4] ?? 'unknown');
  return { account, created, shards };
}

function missing(dynamo: Dynamo, options: OpenOptions): AnamoError {
  const where =
    options.local === undefined ? (dynamo.endpoint ?? dynamo.region) : `the embedded database in ${options.local}`;
  return new AnamoError('TABLE_MISSING', `there is no table ${dynamo.table} in ${where}`, {
    hint: 'check -t and -r, or create it with `anamo import`',
  });
}

/**
 * The creator writes the record a moment after the table is there. A table with our indexes that never gets one was left
 * by a creator that was killed in between: who may create completes it. Any other table is not ours.
 */
async function waitForRecord(dynamo: Dynamo, options: OpenOptions, described: Described): Promise<number> {
  const deadline = systemClock.mono() + (isOurs(described) ? RECORD_WITHIN_MS : 0);
  const creates = options.whenMissing === 'create';
  while (true) {
    const record = await readTableRecord(dynamo, creates);
    if (record !== undefined) return record.shards;
    if (systemClock.mono() > deadline) break;
    await systemClock.sleep(200);
  }
  if (isOurs(described) && creates) {
    await putTableRecord(dynamo, options.shards ?? DEFAULT_SHARDS, dynamo.serverNow());
    const record = await readTableRecord(dynamo, creates);
    if (record !== undefined) return record.shards;
  }
  throw new AnamoError('TABLE_NOT_ANAMO', `table ${dynamo.table} exists, but anamo did not make it`, {
    hint: 'choose another table with -t; a PyAnamo table cannot be used as it is',
  });
}

function isOurs(described: Described): boolean {
  if (described === undefined || described === 'denied') return false;
  const names = new Set((described.GlobalSecondaryIndexes ?? []).map((index) => index.IndexName));
  return names.has(BY_STATE) && names.has(BY_TASK);
}

function tableOf(db: Db, account: string, created: boolean, close: () => Promise<void>): Table {
  return {
    name: db.table,
    region: db.region,
    account,
    endpoint: db.endpoint,
    created,
    async import(entries, options = {}) {
      await requireWriter(db);
      return await importItems(db, entries, options);
    },
    status: (options = {}) => readStatus(db, account, db.serverNow(), options.steps),
    items: (filter = {}) => listItems(db, filter),
    show: (itemId) => showItem(db, itemId),
    async startWorker(options, onEvent) {
      await requireWriter(db);
      return await startTableWorker(db, options, onEvent);
    },
    close,
  };
}

/** A table that an older program may read need not be one that it may write; throws SCHEMA_TOO_NEW. */
async function requireWriter(db: Db): Promise<void> {
  await readTableRecord(db, true);
}

async function showItem(db: Db, itemId: string): Promise<ItemDetail> {
  const item = await readItem(db, itemId);
  if (item === undefined) {
    throw new AnamoError('ITEM_UNKNOWN', `table ${db.table} has no item ${itemId}`, { hint: 'see `anamo items`' });
  }
  const nested = item.nested === undefined ? [] : await listNested(db, item, true);
  return { item, nested, attempts: await listAttempts(db, item) };
}
