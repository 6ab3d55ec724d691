import { DeleteCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { shardOf } from '../domain/place.ts';
import { asked, type Db } from './db.ts';
import { goneKey, RING_KEY, TTL_ATTRIBUTE, workerKey } from './schema.ts';

/** How long the record of a worker that has left is kept. */
const GONE_FOR_MS = 14 * 24 * 3_600_000;

export interface WorkerRecord {
  readonly workerId: string;
  readonly version: string;
  readonly host: string;
  readonly pid: number;
  readonly slots: number;
  readonly nests: number;
  readonly steps: readonly string[];
  readonly batchJobId?: string | undefined;
  /** Epoch ms, display only. */
  readonly startedAt: number;
}

/** Registers a worker and gives it its place on the ring: 1, 2, 3 … */
export async function registerWorker(db: Db, worker: WorkerRecord): Promise<number> {
  const answer = await asked(db, 'UpdateItem', () =>
    db.patient.send(
      new UpdateCommand({
        TableName: db.table,
        Key: RING_KEY,
        UpdateExpression: 'ADD #n :one',
        ExpressionAttributeNames: { '#n': 'number' },
        ExpressionAttributeValues: { ':one': 1 },
        ReturnValues: 'UPDATED_NEW',
      }),
    ),
  );
  const { workerId, ...rest } = worker;
  const number = Number(answer.Attributes?.['number'] ?? 1);
  const Item = { ...workerKey(workerId, shardOf(workerId, db.shards)), ...rest, number, state: 'alive', beat: 0 };
  await asked(db, 'PutItem', () => db.patient.send(new PutCommand({ TableName: db.table, Item })));
  return number;
}

/** Moves the record of a worker that leaves in order to the gone ones, where it stays for days. */
export async function closeWorker(
  db: Db,
  worker: WorkerRecord,
  summary: Readonly<Record<string, unknown>>,
  now: number,
): Promise<void> {
  const shard = shardOf(worker.workerId, db.shards);
  const { workerId, ...rest } = worker;
  const gone = {
    ...goneKey(workerId, shard),
    ...rest,
    state: 'closed',
    endedAt: now,
    summary,
    [TTL_ATTRIBUTE]: Math.ceil((now + GONE_FOR_MS) / 1000),
  };
  await asked(db, 'PutItem', () => db.patient.send(new PutCommand({ TableName: db.table, Item: gone })));
  const Key = workerKey(workerId, shard);
  await asked(db, 'DeleteItem', () => db.patient.send(new DeleteCommand({ TableName: db.table, Key })));
}
