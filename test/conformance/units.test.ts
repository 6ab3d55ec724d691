import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import type { ItemSpec } from '../../src/domain/item.ts';
import { importItems } from '../../src/library/import-items.ts';
import { startTableWorker } from '../../src/library/start-worker.ts';
import type { Db } from '../../src/store/db.ts';
import { endItem } from '../../src/store/endings.ts';
import { importItem } from '../../src/store/imports.ts';
import { dynamoBytes, endingOf, entriesOf, claim, NOW, spec, useGround } from '../integration/store-suite-harness.ts';
import { readRaw } from '../../src/store/claims.ts';
import { sharedDynamoDbLocal } from './shared-server.ts';

/** One request as the service charges it. */
interface Charged {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Capacity units, those of the indexes included. */
  readonly units: number;
}

const ground = useGround(sharedDynamoDbLocal);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

describe('a single item', () => {
  test('costs 9 write units over its whole life: import 3, claim 3, finish 3', async () => {
    const db = await ground.db();
    const one = spec('align.NA12878', { taskId: 'NA12878', script: 'bash align.sh --threads 4 NA12878' });
    const charged = charge(db);
    await importItem(db, one, '0123456789ABCDEF', NOW);
    expect(writeUnits(charged.splice(0))).toBe(3);
    const claimed = await claim(db, one.itemId, 'FEDCBA9876543210');
    expect(writeUnits(charged.splice(0))).toBe(3);
    await endItem(db, endingOf(claimed));
    expect(writeUnits(charged.splice(0))).toBe(3);
    expect(dynamoBytes((await readRaw(db, one.itemId)) ?? {})).toBeLessThanOrEqual(1024);
  });

  test('is run by a worker with 2.2 requests at most, pages included, and 6 write units', async () => {
    const db = await ground.db({ shards: 8 });
    const specs = Array.from({ length: 200 }, (_, i) => spec(`i${i}`));
    await importItems(db, entriesOf(specs), {});
    const charged = await runAll(db, 200);
    expect(charged.length / 200).toBeLessThanOrEqual(2.2);
    expect(writeUnits(ofItems(charged)) / 200).toBe(6);
  });
});

describe('a nested task', () => {
  test.each([10, 1000])('costs 2 write units and 1.1 requests at most, with %i siblings', async (siblings) => {
    const db = await ground.db();
    const nested: ItemSpec = spec('n', { nestedArgs: Array.from({ length: siblings }, (_, i) => `chromosome ${i}`) });
    const importing = charge(db);
    await importItems(db, entriesOf([nested]), {});
    const imported = writeUnits(importing.filter(({ operation }) => operation === 'BatchWriteItem'));
    const charged = (await runAll(db, 1)).filter(({ input }) => isNested(input));
    expect((imported + writeUnits(charged)) / siblings).toBe(2);
    expect(charged.length / siblings).toBeLessThanOrEqual(1.1);
  });
});

/** Runs a real worker until `items` have ended; gives what it was charged up to then. */
async function runAll(db: Db, items: number): Promise<Charged[]> {
  const folder = await mkdtemp(join(tmpdir(), 'anamo-units-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const charged = charge(db);
  const ended = Promise.withResolvers<Charged[]>();
  let left = items;
  const onEvent = (event: WorkerEvent): void => {
    if (event.type === 'item-finished' && (left -= 1) === 0) ended.resolve([...charged]);
  };
  const folders = { spoolDir: folder, logDir: folder, inlineBytes: 2048 };
  const worker = await startTableWorker(db, { slots: 4, nests: 4, graceMs: 1000, cwd: 'worker', ...folders }, onEvent);
  // A worker that breaks ends before the items do.
  const early = worker.ended.then((summary) => expect(summary).toMatchObject({ reason: 'requested' }));
  const result = await Promise.race([ended.promise, early.then(() => ended.promise)]);
  worker.stop('requested');
  await early;
  return result;
}

/** Asks for the units of each request, and lists them. */
function charge(db: Db): Charged[] {
  const charged: Charged[] = [];
  for (const client of [db.patient, db.once]) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const input = { ...args.input, ReturnConsumedCapacity: 'INDEXES' } as unknown as typeof args.input;
        const result = await next({ ...args, input });
        const operation = String(context['commandName']).replace(/Command$/, '');
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: unknown };
        const units = [ConsumedCapacity].flat().map((one) => (one as { CapacityUnits?: number })?.CapacityUnits ?? 0);
        charged.push({
          operation,
          input: args.input as unknown as Charged['input'],
          units: units.reduce((sum, one) => sum + one, 0),
        });
        return result;
      },
      { step: 'initialize', name: 'testUnits', priority: 'low', override: true },
    );
  }
  return charged;
}

function writeUnits(charged: readonly Charged[]): number {
  return charged.reduce((sum, { operation, units }) => sum + (WRITES.has(operation) ? units : 0), 0);
}

function ofItems(charged: readonly Charged[]): Charged[] {
  return charged.filter(({ input }) => JSON.stringify(input['Key'] ?? {}).includes('item#'));
}

/** Reads or writes nested tasks, and not the item itself. */
function isNested(input: Charged['input']): boolean {
  const { Key, ExpressionAttributeValues } = input;
  return JSON.stringify([Key, ExpressionAttributeValues]).includes('task#');
}
