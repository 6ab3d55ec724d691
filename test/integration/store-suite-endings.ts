import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/domain/item.ts';
import type { RunReport } from '../../src/domain/log-ref.ts';
import { placeOf, type Standing } from '../../src/domain/place.ts';
import { readRaw } from '../../src/store/claims.ts';
import type { Db } from '../../src/store/db.ts';
import { endItem, endNested, type EndAnswer } from '../../src/store/endings.ts';
import { listNestedToRun } from '../../src/store/nested.ts';
import { itemKey } from '../../src/store/schema.ts';
import { disturb, first } from './store-suite-faults.ts';
import {
  claim,
  dynamoBytes,
  EMPTY_LOG,
  endingOf,
  indexKeys,
  logOf,
  NOW,
  put,
  recordsUnder,
  scan,
  spec,
  type EndingChange,
  type Ground,
} from './store-suite-harness.ts';

/** Bytes that are no UTF-8 anywhere, with NUL and a byte order mark. */
const BINARY = Uint8Array.from({ length: 700 }, (_, i) => (i < 3 ? ([0xef, 0xbb, 0xbf][i] ?? 0) : (i * 7) % 256));

export function endingSuite(ground: Ground): void {
  describe('ending', () => {
    test.each<[string, EndingChange, Standing]>([
      ['done', { state: 'done' }, { state: 'done', endedAt: NOW + 1000 }],
      ['failed', { state: 'failed', settlement: { attempts: 1 } }, { state: 'failed', endedAt: NOW + 1000 }],
      ['todo', { state: 'todo', settlement: { interrupted: 1 } }, { state: 'todo', priority: 7 }],
      [
        'waiting',
        { state: 'waiting', settlement: { attempts: 1, dueAt: NOW + 30_000 } },
        { state: 'waiting', dueAt: NOW + 30_000 },
      ],
    ])('%s: state, counters and index entry agree', async (state, change, standing) => {
      const db = await ground.db();
      await put(db, spec('a', { priority: 7 }));
      const claimed = await claim(db, 'a');
      await expect(endItem(db, endingOf(claimed, change))).resolves.toBe('committed');
      const record = await readRaw(db, 'a');
      const { dueAt: _dueAt, ...counters } = { ...change.settlement };
      expect(record).toMatchObject({ state, fence: 1, endedFence: 1, endedBy: 'W1', endedAt: NOW + 1000, ...counters });
      expect(record).not.toHaveProperty('workerId');
      expect(record).not.toHaveProperty('claimNonce');
      await expect(indexKeys(db, 'a')).resolves.toEqual([placeOf(claimed.item, standing, db.shards)]);
    });

    test('whose answer is lost is committed at its repeat', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const ending = endingOf(await claim(db, 'a'));
      disturb(db, first(1, 'UpdateItem', 'lost-answer'));
      await expect(endItem(db, ending)).resolves.toHaveProperty('unknown');
      const before = await readRaw(db, 'a');
      await expect(endItem(db, ending)).resolves.toBe('committed');
      await expect(readRaw(db, 'a')).resolves.toEqual(before);
    });

    test('that never arrived is committed at its repeat', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const ending = endingOf(await claim(db, 'a'));
      disturb(db, first(1, 'UpdateItem', 'lost-request'));
      await expect(endItem(db, ending)).resolves.toHaveProperty('unknown');
      await expect(endItem(db, ending)).resolves.toBe('committed');
    });

    test('that comes after the item was given back and claimed by another is fenced, and writes nothing', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const old = await claim(db, 'a', 'W1');
      await takeBack(db, old.item);
      const fresh = await claim(db, 'a', 'W2');
      const before = await readRaw(db, 'a');
      await expect(endItem(db, endingOf(old))).resolves.toBe('fenced');
      await expect(readRaw(db, 'a')).resolves.toEqual(before);
      await expect(endItem(db, endingOf(fresh))).resolves.toBe('committed');
      const records = await scan(db);
      await expect(endItem(db, endingOf(old, { state: 'failed' }))).resolves.toBe('fenced');
      await expect(scan(db)).resolves.toEqual(records);
    });

    test('of an earlier claim is fenced, also when the same worker has the item again', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const old = await claim(db, 'a', 'W1');
      await takeBack(db, old.item);
      const fresh = await claim(db, 'a', 'W1');
      await expect(endItem(db, endingOf(old))).resolves.toBe('fenced');
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ state: 'locked', fence: 2, endedFence: 0 });
      await expect(endItem(db, endingOf(fresh))).resolves.toBe('committed');
      await expect(endItem(db, endingOf(old))).resolves.toBe('fenced');
    });

    test('by another worker under the same fence is fenced, before and after the right one', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const claimed = await claim(db, 'a', 'W1');
      await expect(endItem(db, endingOf(claimed, { workerId: 'W2' }))).resolves.toBe('fenced');
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ state: 'locked', workerId: 'W1' });
      await expect(endItem(db, endingOf(claimed))).resolves.toBe('committed');
      await expect(endItem(db, endingOf(claimed, { workerId: 'W2' }))).resolves.toBe('fenced');
    });

    test('of an item that was taken out of the table is fenced, and makes no item', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const claimed = await claim(db, 'a');
      await expect(endItem(db, endingOf({ item: { ...claimed.item, itemId: 'gone' } }))).resolves.toBe('fenced');
      await expect(readRaw(db, 'gone')).resolves.toBeUndefined();
    });

    test('earlier runs are kept as attempts, oldest first, and the newest in the item', async () => {
      const db = await ground.db();
      await put(db, spec('a', { maxAttempts: 20 }));
      for (let run = 1; run <= 11; run++) {
        const claimed = await claim(db, 'a', `W${run}`);
        const state = run === 11 ? 'done' : 'todo';
        const ending = endingOf(claimed, { state, run: { startedAt: NOW + run, host: `host-${run}` } });
        await expect(endItem(db, ending)).resolves.toBe('committed');
      }
      const { item, attempts } = await (await ground.open(db.table)).show('a');
      expect(attempts.map((run) => run.fence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      expect(attempts[4]).toMatchObject({ workerId: 'W5', host: 'host-5', outcome: { kind: 'interrupted' } });
      expect(item.lastRun).toMatchObject({ fence: 11, workerId: 'W11', outcome: { kind: 'exited', code: 0 } });
    });

    test('counters of nested tasks are written, and kept when an ending has none', async () => {
      const db = await ground.db();
      await put(db, spec('n', { nestedArgs: ['a', 'b', 'c', 'd'] }));
      const nested = { total: 4, done: 2, failed: 1 };
      await endItem(db, endingOf(await claim(db, 'n'), { state: 'todo', settlement: { nested } }));
      const claimed = await claim(db, 'n');
      expect(claimed.item.nested).toEqual(nested);
      await endItem(db, endingOf(claimed, { state: 'todo' }));
      await expect(readRaw(db, 'n')).resolves.toMatchObject({ nestedTotal: 4, nestedDone: 2, nestedFailed: 1 });
      await expect(indexKeys(db, 'n')).resolves.toMatchObject([{ stateOrder: expect.stringMatching(/\|n\|2$/) }]);
    });

    test('the record of a typical item stays within 1 KB: to do, running, done, and running again', async () => {
      const db = await ground.db();
      const itemId = 'align.NA12878_exome_lane3';
      const script = 'bash ${PIPELINE}/align.sh --reference hg38 --threads 4 NA12878_exome_lane3';
      await put(db, spec(itemId, { taskId: 'NA12878_exome_lane3', script, maxAttempts: 3, priority: 5 }));
      const sizes = [dynamoBytes({ ...(await readRaw(db, itemId)) })];
      for (const state of ['waiting', 'done'] as const) {
        const claimed = await claim(db, itemId, '0123456789ABCDEF');
        sizes.push(dynamoBytes({ ...(await readRaw(db, itemId)) }));
        const usage = { peakMemoryBytes: 2_147_483_648, cpuSeconds: 12_345.67, sampled: true } as const;
        const log = logOf('x'.repeat(150), { results: ['reads\t123456'] });
        const run = { log, usage, host: 'ip-10-0-12-34.eu-west-2.compute.internal', codeVersion: 'v1.12.3' };
        await endItem(db, endingOf(claimed, { state, run, settlement: { attempts: 1, dueAt: NOW } }));
        sizes.push(dynamoBytes({ ...(await readRaw(db, itemId)) }));
        if (state === 'waiting') await takeBack(db, claimed.item);
      }
      expect(Math.max(...sizes)).toBeLessThanOrEqual(1024);
    });
  });

  describe('output', () => {
    test.each<[string, Uint8Array | string, number]>([
      ['nothing', '', 0],
      ['512 bytes stay in the record', 'é'.repeat(256), 0],
      ['a byte order mark and NUL, which are UTF-8', '\ufeffa\0b', 0],
      ['more gets a record of its own', 'y'.repeat(513), 1],
      ['bytes that are no UTF-8, in the record', BINARY.subarray(0, 300), 0],
      ['bytes that are no UTF-8, in a record of their own', BINARY, 1],
    ])('%s', async (_what, content, records) => {
      const db = await ground.db();
      await put(db, spec('a'));
      const claimed = await claim(db, 'a');
      await endItem(db, endingOf(claimed, { run: { log: logOf(content) } }));
      await expect(recordsUnder(db, 'a', 'out#')).resolves.toHaveLength(records);
      const { item } = await (await ground.open(db.table)).show('a');
      expect(Buffer.from(item.lastRun?.log.inline ?? [0])).toEqual(Buffer.from(content));
    });

    test('stderr, results, place and fallback come back with it, and earlier logs stay where they are', async () => {
      const db = await ground.db();
      await put(db, spec('a'));
      const log = logOf('', {
        sink: 'file',
        location: 'file:///logs/a.gz',
        bytes: 99,
        lines: 3,
        stderrTail: BINARY,
        results: ['reads\t12', 'ü'],
        fallback: { from: 's3', reason: 'no bucket' },
      });
      await endItem(db, endingOf(await claim(db, 'a'), { state: 'todo', run: { log } }));
      const table = await ground.open(db.table);
      const shown = (await table.show('a')).item.lastRun?.log;
      const stderrTail = Buffer.from(log.stderrTail);
      expect({ ...shown, stderrTail: Buffer.from(shown?.stderrTail ?? []), inline: undefined }).toEqual({
        ...log,
        stderrTail,
        inline: undefined,
      });
      await endItem(db, endingOf(await claim(db, 'a'), { run: { log: logOf('z'.repeat(600)) } }));
      expect(await recordsUnder(db, 'a', 'out#')).toHaveLength(2);
      await expect(table.show('a')).resolves.toMatchObject({ attempts: [{ fence: 1, log: { bytes: 99 } }] });
    });
  });

  describe('nested task', () => {
    async function running(fence: number): Promise<{ db: Db; item: Item }> {
      const db = await ground.db();
      await put(db, spec('n', { nestedArgs: ['x', 'y'] }));
      const { item } = await claim(db, 'n');
      return { db, item: { ...item, fence } };
    }
    const report = (code: number, change: Partial<RunReport> = {}): RunReport => ({
      outcome: { kind: 'exited', code },
      startedAt: NOW,
      endedAt: NOW + 5,
      log: EMPTY_LOG,
      ...change,
    });

    test('ends, and what is done is not run again', async () => {
      const { db, item } = await running(1);
      await expect(endNested(db, item, 0, report(0))).resolves.toBe('committed');
      await expect(endNested(db, item, 1, report(3))).resolves.toBe('committed');
      await expect(listNestedToRun(db, item)).resolves.toEqual([{ index: 1, arg: 'y' }]);
      const { nested } = await (await ground.open(db.table)).show('n');
      expect(nested).toMatchObject([
        { index: 0, arg: 'x', state: 'done', fence: 1, outcome: { code: 0 } },
        { index: 1, arg: 'y', state: 'failed', fence: 1, outcome: { code: 3 }, startedAt: NOW, endedAt: NOW + 5 },
      ]);
    });

    test('that is done is never overwritten by a lower fence; the same fence may repeat', async () => {
      const { db, item } = await running(2);
      const answers: EndAnswer[] = [];
      answers.push(await endNested(db, item, 0, report(0)));
      answers.push(await endNested(db, item, 0, report(0)));
      const before = (await scan(db)).filter((raw) => String(raw['sk']).startsWith('task#'));
      answers.push(await endNested(db, { ...item, fence: 1 }, 0, report(1)));
      expect(answers).toEqual(['committed', 'committed', 'fenced']);
      expect((await scan(db)).filter((raw) => String(raw['sk']).startsWith('task#'))).toEqual(before);
    });

    test('of another gen, or that is not there, is fenced and made by no write', async () => {
      const { db, item } = await running(1);
      await expect(endNested(db, { ...item, gen: 'OTHER' }, 0, report(0))).resolves.toBe('fenced');
      await expect(endNested(db, item, 7, report(0))).resolves.toBe('fenced');
      await expect(recordsUnder(db, 'n', 'task#')).resolves.toHaveLength(2);
    });

    test('a lost answer is repeated by the SDK and committed', async () => {
      const { db, item } = await running(1);
      const sent = disturb(db, first(1, 'UpdateItem', 'lost-answer'));
      await expect(endNested(db, item, 0, report(0))).resolves.toBe('committed');
      expect(sent).toHaveLength(2);
    });

    test('each has its own output record, byte for byte', async () => {
      const { db, item } = await running(1);
      const logs = [BINARY, Buffer.from('t'.repeat(900))];
      for (const [index, log] of logs.entries()) await endNested(db, item, index, report(0, { log: logOf(log) }));
      const { nested } = await (await ground.open(db.table)).show('n');
      expect(nested.map((task) => Buffer.from(task.log?.inline ?? []))).toEqual(logs.map((log) => Buffer.from(log)));
    });
  });
}

/** Makes an item claimable again, as the reclaiming of a lost one or the promotion of a waiting one does. */
async function takeBack(db: Db, item: Item): Promise<void> {
  const place = placeOf(item, { state: 'todo', priority: item.priority }, db.shards);
  const command = new UpdateCommand({
    TableName: db.table,
    Key: itemKey(item.itemId),
    UpdateExpression: 'SET #state = :todo, stateKey = :stateKey, stateOrder = :stateOrder REMOVE workerId, claimNonce',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':todo': 'todo', ':stateKey': place.stateKey, ':stateOrder': place.stateOrder },
  });
  await db.patient.send(command);
}
