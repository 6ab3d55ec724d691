import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { WorkerOptions } from '../../src/library/open-table.ts';
import { TABLE_KEY } from '../../src/store/schema.ts';
import { createTable } from '../../src/store/tables.ts';
import { systemClock } from '../../src/support/clock.ts';
import { collect, entriesOf, put, scan, spec, type Ground } from './store-suite-harness.ts';

export function openSuite(ground: Ground): void {
  describe('open', () => {
    test('a table that is not there is TABLE_MISSING, for the user to mend', async () => {
      await expect(ground.open(ground.newName())).rejects.toMatchObject({ code: 'TABLE_MISSING', exitCode: 2 });
    });

    test('creates when asked, and opens what is there', async () => {
      const table = ground.newName();
      const created = await ground.open(table, { whenMissing: 'create' });
      const again = await ground.open(table, { whenMissing: 'create' });
      const plain = await ground.open(table);
      expect([created.created, again.created, plain.created]).toEqual([true, false, false]);
      expect(plain.account).toMatch(/^\d{12}$/);
      await expect(plain.status()).resolves.toMatchObject({ table, steps: [], totals: { total: 0 } });
    });

    test('the number of shards is that of the creation, whatever is asked for later', async () => {
      const name = ground.newName();
      await ground.open(name, { whenMissing: 'create', shards: 3 });
      const table = await ground.open(name, { whenMissing: 'create', shards: 5 });
      await table.import(entriesOf(Array.from({ length: 60 }, (_, i) => spec(`i${i}`))));
      const reader = await ground.open(name, { shards: 1 });
      await expect(collect(reader.items())).resolves.toHaveLength(60);
      const records = await scan({ ...(await ground.clients(name)), shards: 3 });
      const shards = records.map((raw) => String(raw['stateKey']).split('|')[2]).filter((shard) => shard !== undefined);
      expect([...new Set(shards)].toSorted()).toEqual(['0', '1', '2']);
    });

    test('of 8 concurrent creators all open it, and exactly one says created', async () => {
      const name = ground.newName();
      const all = await Promise.all(Array.from({ length: 8 }, () => ground.open(name, { whenMissing: 'create' })));
      expect(all.filter((table) => table.created)).toHaveLength(1);
      await Promise.all(all.map((table, i) => table.import(entriesOf([spec(`i${i}`)]))));
      await expect(all[0]?.status()).resolves.toMatchObject({ totals: { todo: 8, total: 8 } });
    });

    test('a creator killed before it wrote the table record is completed by the next one', async () => {
      const name = ground.newName();
      await createTable(await ground.clients(name), systemClock);
      const table = await ground.open(name, { whenMissing: 'create', shards: 3 });
      expect(table.created).toBe(false);
      await table.import(entriesOf([spec('a')]));
      await expect(ground.open(name)).resolves.toMatchObject({ name });
    });
  });

  describe('a table that anamo did not make', () => {
    test.each<[string, string[]]>([
      ['with the keys of PyAnamo', ['itemID']],
      ['with our keys and no index', ['pk', 'sk']],
    ])('%s is TABLE_NOT_ANAMO, and nothing is written into it', async (_what, keys) => {
      const table = ground.newName();
      const dynamo = await ground.clients(table);
      await dynamo.patient.send(new CreateTableCommand(foreignTable(table, keys)));
      for (const whenMissing of ['fail', 'create'] as const) {
        const opening = ground.open(table, { whenMissing });
        await expect(opening).rejects.toMatchObject({ code: 'TABLE_NOT_ANAMO', exitCode: 2 });
      }
      await expect(scan({ ...dynamo, shards: 1 })).resolves.toEqual([]);
    });
  });

  describe('a newer schema', () => {
    async function upgraded(change: { minReader: number; minWriter: number }): Promise<string> {
      const db = await ground.db();
      await put(db, spec('a'));
      const command = new UpdateCommand({
        TableName: db.table,
        Key: TABLE_KEY,
        UpdateExpression: 'SET #schema = :two, minReader = :reader, minWriter = :writer',
        ExpressionAttributeNames: { '#schema': 'schema' },
        ExpressionAttributeValues: { ':two': 2, ':reader': change.minReader, ':writer': change.minWriter },
      });
      await db.patient.send(command);
      return db.table;
    }

    test.each([
      { minReader: 2, minWriter: 2 },
      { minReader: 2, minWriter: 1 },
    ])('that cannot be read is refused for all (%o)', async (change) => {
      const table = await upgraded(change);
      for (const whenMissing of ['fail', 'create'] as const) {
        const opening = ground.open(table, { whenMissing });
        await expect(opening).rejects.toMatchObject({ code: 'SCHEMA_TOO_NEW', exitCode: 2 });
      }
    });

    test('that can only be read is read, and not written', async () => {
      const name = await upgraded({ minReader: 1, minWriter: 2 });
      const before = await scan({ ...(await ground.clients(name)), shards: 2 });
      const table = await ground.open(name);
      await expect(collect(table.items())).resolves.toHaveLength(1);
      await expect(table.status()).resolves.toMatchObject({ totals: { todo: 1 } });
      const refused = { code: 'SCHEMA_TOO_NEW' };
      await expect(table.import(entriesOf([spec('b')]))).rejects.toMatchObject(refused);
      await expect(table.startWorker(workerOptions(), () => undefined)).rejects.toMatchObject(refused);
      await expect(ground.open(name, { whenMissing: 'create' })).rejects.toMatchObject(refused);
      await expect(scan({ ...(await ground.clients(name)), shards: 2 })).resolves.toEqual(before);
    });
  });
}

/** Never used: the worker is refused before it touches its folders. */
function workerOptions(): WorkerOptions {
  const folder = `${tmpdir()}/anamo-never-made`;
  const folders = { spoolDir: folder, logDir: folder, inlineBytes: 2048 };
  return { slots: 1, nests: 1, graceMs: 1000, cwd: 'worker', idleExitMs: 0, ...folders };
}

function foreignTable(TableName: string, keys: readonly string[]): CreateTableCommandInput {
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? 'HASH' : 'RANGE' })),
  };
}
