import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, onTestFinished, vi } from 'vitest';
import { createDynamo, type Dynamo } from '../../src/aws/dynamo.ts';
import type { ItemSpec, RunRecord } from '../../src/domain/item.ts';
import type { LogRef } from '../../src/domain/log-ref.ts';
import type { ItemState } from '../../src/domain/state.ts';
import { openTable, type OpenOptions, type Table } from '../../src/library/open-table.ts';
import { claimItem, type Claimed } from '../../src/store/claims.ts';
import type { Db } from '../../src/store/db.ts';
import type { Ending } from '../../src/store/endings.ts';
import { importItem } from '../../src/store/imports.ts';
import type { Raw } from '../../src/store/record.ts';
import { BY_STATE, itemPk } from '../../src/store/schema.ts';
import { ensureStep } from '../../src/store/steps.ts';
import { createTable, putTableRecord, withShards } from '../../src/store/tables.ts';
import { systemClock } from '../../src/support/clock.ts';

export type StartServer = () => Promise<{ endpointUrl: string; close(): Promise<void> }>;

/** One server for a whole file of tests; what a test opens on it is closed when the test has ended. */
export interface Ground {
  endpointUrl(): string;
  /** A name that no other test uses. */
  newName(): string;
  clients(table: string): Promise<Dynamo>;
  /** A fresh empty table, or another process's way to one that is there. */
  db(options?: { shards?: number; like?: Db }): Promise<Db>;
  open(table: string, options?: Partial<OpenOptions>): Promise<Table>;
}

export const REGION = 'eu-west-2';
export const NOW = Date.UTC(2030, 0, 31);

export function useGround(start: StartServer): Ground {
  let server: Awaited<ReturnType<StartServer>> | undefined;
  beforeAll(async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'local');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'local');
    server = await start();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server?.close();
  });
  const endpointUrl = (): string => server?.endpointUrl ?? '';
  async function clients(table: string): Promise<Dynamo> {
    const dynamo = await createDynamo({ table, region: REGION, endpointUrl: endpointUrl() });
    onTestFinished(() => dynamo.close());
    return dynamo;
  }
  const newName = (): string => `t-${randomUUID()}`;
  return {
    endpointUrl,
    newName,
    clients,
    async db({ shards = 2, like } = {}) {
      const dynamo = await clients(like?.table ?? newName());
      if (like !== undefined) return withShards(dynamo, like.shards);
      await createTable(dynamo, systemClock);
      await putTableRecord(dynamo, shards, NOW);
      return withShards(dynamo, shards);
    },
    async open(table, options = {}) {
      const opened = await openTable({ table, region: REGION, endpointUrl: endpointUrl(), ...options });
      onTestFinished(() => opened.close());
      return opened;
    },
  };
}

export function spec(itemId: string, change: Partial<ItemSpec> = {}): ItemSpec {
  const rest = { priority: 0, maxAttempts: 1, shell: false, nestedMode: 'parallel' } as const;
  return { itemId, step: 'align', taskId: 'S1', script: 'true', ...rest, ...change };
}

/** Imports items as one process would, one after the other. */
export async function put(db: Db, ...specs: readonly ItemSpec[]): Promise<void> {
  for (const one of specs) {
    await ensureStep(db, one.step, one.nestedArgs !== undefined, NOW);
    await importItem(db, one, randomUUID().slice(0, 16), NOW);
  }
}

/** Keys of the item in the index `byState`: exactly one entry is right, except for an item that is not there. */
export async function indexKeys(db: Db, itemId: string): Promise<{ stateKey: string; stateOrder: string }[]> {
  const entries = (await scan(db, BY_STATE)).filter((raw) => raw['pk'] === itemPk(itemId));
  return entries.map((raw) => ({ stateKey: String(raw['stateKey']), stateOrder: String(raw['stateOrder']) }));
}

/** Every record of the table, or every entry of an index. */
export async function scan(db: Db, IndexName?: string): Promise<Raw[]> {
  const records: Raw[] = [];
  let start: Record<string, unknown> | undefined;
  do {
    const command = new ScanCommand({
      TableName: db.table,
      ...(IndexName === undefined ? { ConsistentRead: true } : { IndexName }),
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    const page = await db.patient.send(command);
    records.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return records;
}

/** Sort keys of the records under an item, its own aside. */
export async function recordsUnder(db: Db, itemId: string, prefix: string): Promise<string[]> {
  const records = (await scan(db)).filter((raw) => raw['pk'] === itemPk(itemId));
  return records.map((raw) => String(raw['sk'])).filter((sk) => sk.startsWith(prefix));
}

/** Claims an item that is to do; fails when it is not. */
export async function claim(db: Db, itemId: string, workerId = 'W1'): Promise<Claimed> {
  const [entry] = await indexKeys(db, itemId);
  const stateOrder = entry?.stateOrder ?? '';
  const step = entry?.stateKey.split('|')[0] ?? '';
  const answer = await claimItem(db, { itemId, step, stateOrder, workerId, nonce: randomUUID(), now: NOW });
  if (answer.kind !== 'claimed') throw new Error(`${itemId} cannot be claimed: ${answer.kind}`);
  return answer.claim;
}

export const EMPTY_LOG: LogRef = { bytes: 0, lines: 0, sink: 'inline', stderrTail: new Uint8Array(), results: [] };

export function logOf(content: Uint8Array | string, change: Partial<LogRef> = {}): LogRef {
  const inline = Buffer.from(content);
  return { ...EMPTY_LOG, bytes: inline.length, lines: 1, inline, ...change };
}

export interface EndingChange {
  readonly state?: Extract<ItemState, 'done' | 'failed' | 'todo' | 'waiting'>;
  readonly settlement?: Partial<Ending['settlement']>;
  readonly run?: Partial<RunRecord>;
  readonly workerId?: string;
  readonly now?: number;
}

/** The ending of a run that went as `state` says. */
export function endingOf(claimed: Claimed, change: EndingChange = {}): Ending {
  const { item } = claimed;
  const workerId = change.workerId ?? item.workerId ?? '';
  const state = change.state ?? 'done';
  const code = state === 'done' ? 0 : 1;
  const outcome = state === 'todo' ? ({ kind: 'interrupted' } as const) : ({ kind: 'exited', code } as const);
  const counters = { attempts: item.attempts, interrupted: item.interrupted };
  const times = { startedAt: NOW, endedAt: NOW + 1000 };
  return {
    claimed,
    workerId,
    settlement: { state, outcome, ...counters, ...change.settlement },
    run: { outcome, ...times, log: EMPTY_LOG, fence: item.fence, workerId, host: 'host-1', ...change.run },
    now: change.now ?? NOW + 1000,
  };
}

export async function* entriesOf(specs: readonly ItemSpec[]): AsyncGenerator<{ line: number; item: ItemSpec }> {
  let line = 0;
  for (const item of specs) yield { line: (line += 1), item };
}

export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const value of source) all.push(value);
  return all;
}

/** How many bytes DynamoDB counts for a record: names, values, and 1 to 3 of its own for numbers and collections. */
export function dynamoBytes(record: Raw): number {
  return Object.entries(record).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(String(Math.abs(value)).replace('.', '').length / 2) + 2;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 1;
  const parts = Array.isArray(value) ? value.map(valueBytes) : [dynamoBytes(value as Raw)];
  return 3 + Object.keys(value).length + parts.reduce((sum, bytes) => sum + bytes, 0);
}
