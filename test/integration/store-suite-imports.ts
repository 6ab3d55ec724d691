import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from 'vitest';
import type { ItemSpec } from '../../src/domain/item.ts';
import { importItems } from '../../src/library/import-items.ts';
import type { ImportEntry, ImportProgress } from '../../src/library/types.ts';
import { readRaw } from '../../src/store/claims.ts';
import type { Db } from '../../src/store/db.ts';
import { endItem } from '../../src/store/endings.ts';
import { importItem } from '../../src/store/imports.ts';
import { itemPk } from '../../src/store/schema.ts';
import { listSteps, readWake } from '../../src/store/steps.ts';
import { answering, disturb, first, type Fault } from './store-suite-faults.ts';
import {
  claim,
  endingOf,
  entriesOf,
  indexKeys,
  NOW,
  put,
  recordsUnder,
  spec,
  type Ground,
} from './store-suite-harness.ts';

/** Three batches of 25 and a rest. */
const ARGS = Array.from({ length: 80 }, (_, i) => `arg ${i}`);

export function importSuite(ground: Ground): void {
  describe('import', () => {
    test('writes what a line says, and what a line leaves out is the default', async () => {
      const db = await ground.db();
      const full = spec('full', {
        taskId: 'S 1',
        script: 'run "a b" | c',
        priority: -5,
        maxAttempts: 4,
        timeoutMs: 1500,
        silentTimeoutMs: 2500,
        shell: true,
        env: { A: '', B: 'b' },
        nestedArgs: ['x', '', 'ü'],
        nestedMode: 'sequence',
      });
      await importItems(db, entriesOf([full, spec('plain')]), {});
      const table = await ground.open(db.table);
      const { nestedArgs, ...rest } = full;
      const shown = await table.show('full');
      expect(shown.item).toMatchObject({ ...rest, state: 'todo', fence: 0, nested: { total: 3, done: 0, failed: 0 } });
      expect(shown.nested.map((task) => task.arg)).toEqual(nestedArgs);
      const plain = (await table.show('plain')).item;
      expect(plain).toMatchObject({ ...spec('plain'), attempts: 0, lost: 0, interrupted: 0 });
      expect(plain).not.toHaveProperty('nested');
      await expect(table.show('missing')).rejects.toMatchObject({ code: 'ITEM_UNKNOWN', exitCode: 2 });
    });

    test('leaves existing items as they are, byte for byte, also a done one', async () => {
      const db = await ground.db();
      await put(db, spec('todo'), spec('done'), spec('nested', { nestedArgs: ['x'] }));
      await endItem(db, endingOf(await claim(db, 'done')));
      const ids = ['todo', 'done', 'nested'];
      const before = await Promise.all(ids.map((id) => rawUnder(db, id)));
      const change = { script: 'other', taskId: 'S9', priority: 9, nestedArgs: ['p', 'q'] };
      const progress = await importItems(db, entriesOf([...ids, 'new'].map((id) => spec(id, change))), {});
      expect(progress).toEqual({ lines: 4, imported: 1, nestedImported: 2, skipped: 3, bad: 0 });
      expect(await Promise.all(ids.map((id) => rawUnder(db, id)))).toEqual(before);
      // The look before the write is only a shortcut: the write itself must refuse.
      await expect(importItem(db, spec('nested', change), 'G2', NOW)).resolves.toBe(false);
      expect(await Promise.all(ids.map((id) => rawUnder(db, id)))).toEqual(before);
    });

    test('of two lines with the same id the first one counts, also when its write is slow', async () => {
      const db = await ground.db();
      disturb(db, first(1, 'PutItem', 'lost-request'));
      const twins = ['first', 'second', 'third'].map((script) => spec('a', { script }));
      await expect(importItems(db, entriesOf(twins), {})).resolves.toMatchObject({ imported: 1, skipped: 2 });
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ script: 'first' });
    });

    test('reports bad lines by number, passes them over, and tells of its progress', async () => {
      const db = await ground.db();
      async function* lines(): AsyncGenerator<ImportEntry> {
        for (let line = 1; line <= 250; line++)
          yield line % 100 === 0 ? { line, problem: 'odd' } : { line, item: spec(`i${line}`) };
      }
      const problems: string[] = [];
      const seen: ImportProgress[] = [];
      const progress = await importItems(db, lines(), {
        onProblem: (line, problem) => problems.push(`${line} ${problem}`),
        onProgress: (one) => seen.push(one),
      });
      expect(progress).toEqual({ lines: 250, imported: 248, nestedImported: 0, skipped: 0, bad: 2 });
      expect(problems).toEqual(['100 odd', '200 odd']);
      expect(seen.map((one) => one.imported)).toEqual([100, 200, 248]);
    });

    test('bumps wake when something was imported, and only then', async () => {
      const db = await ground.db();
      const before = await readWake(db);
      await importItems(db, entriesOf([spec('a')]), {});
      const after = await readWake(db);
      expect(after).toBeGreaterThan(before);
      await importItems(db, entriesOf([spec('a')]), {});
      await expect(readWake(db)).resolves.toBe(after);
    });

    test('refuses the 101st step with STEP_LIMIT, and takes more items for the others', async () => {
      const db = await ground.db();
      const hundred = Array.from({ length: 100 }, (_, i) => spec(`i${i}`, { step: `s${i}` }));
      await importItems(db, entriesOf(hundred), {});
      const one = importItems(db, entriesOf([spec('x', { step: 'more' })]), {});
      await expect(one).rejects.toMatchObject({ code: 'STEP_LIMIT', exitCode: 2 });
      await expect(listSteps(db)).resolves.toHaveLength(100);
      await expect(importItems(db, entriesOf([spec('y', { step: 's99' })]), {})).resolves.toMatchObject({
        imported: 1,
      });
      await expect(readRaw(db, 'x')).resolves.toBeUndefined();
    });

    test('stops at an abort, keeps what is imported, and completes it when run again', async () => {
      const db = await ground.db();
      const stop = new AbortController();
      const specs = Array.from({ length: 450 }, (_, i) => spec(`i${i}`));
      const partly = await importItems(db, entriesOf(specs), { signal: stop.signal, onProgress: () => stop.abort() });
      expect(partly).toMatchObject({ imported: 100 });
      const rest = await importItems(db, entriesOf(specs), {});
      expect(rest).toMatchObject({ lines: 450, imported: 350, skipped: 100 });
    });

    test('an abort in the middle of a chunk ends it between two items', async () => {
      const db = await ground.db();
      const stop = new AbortController();
      disturb(db, ({ operation, number }) => {
        if (operation === 'PutItem' && number > 10) stop.abort();
        return undefined;
      });
      const specs = Array.from({ length: 100 }, (_, i) => spec(`i${i}`, { nestedArgs: ['x'] }));
      const progress = await importItems(db, entriesOf(specs), { signal: stop.signal, concurrency: 2 });
      expect(progress.imported).toBeLessThan(10);
      const table = await ground.open(db.table);
      await expect(table.status()).resolves.toMatchObject({ totals: { todo: progress.imported } });
    });

    test('makes an item with a future notBefore wait', async () => {
      const db = await ground.db();
      const soon = db.serverNow() + 3_600_000;
      const specs = [spec('later', { notBefore: soon }), spec('past', { notBefore: soon - 7_200_000 })];
      await importItems(db, entriesOf(specs), {});
      await expect(readRaw(db, 'later')).resolves.toMatchObject({ state: 'waiting', notBefore: soon });
      await expect(readRaw(db, 'past')).resolves.toMatchObject({ state: 'todo' });
    });
  });

  describe('import of nested tasks', () => {
    const nested = (change: Partial<ItemSpec> = {}): ItemSpec => spec('n', { nestedArgs: ARGS, ...change });

    /** The item with all its nested tasks, of one gen; or nothing that anybody could see. */
    async function wholeOrNothing(db: Db): Promise<'whole' | 'nothing'> {
      const record = await readRaw(db, 'n');
      const table = await ground.open(db.table);
      if (record === undefined) {
        await expect(table.show('n')).rejects.toMatchObject({ code: 'ITEM_UNKNOWN' });
        await expect(indexKeys(db, 'n')).resolves.toEqual([]);
        await expect(table.status()).resolves.toMatchObject({ totals: { total: 0 } });
        return 'nothing';
      }
      const shown = await table.show('n');
      expect(shown.nested.map((task) => task.arg)).toEqual(ARGS);
      expect(shown.item.nested).toEqual({ total: 80, done: 0, failed: 0 });
      return 'whole';
    }

    test.each<Fault>(['killed', 'killed-after'])(
      '%s at each of its requests in turn: all or nothing is seen, and the next run completes it with one gen',
      async (fault) => {
        const seen: string[] = [];
        for (let at = 1; seen.at(-1) !== 'finished'; at++) {
          const db = await ground.db({ shards: 1 });
          const killed = await ground.db({ like: db });
          disturb(killed, ({ number }) => (number > at ? 'killed' : number === at ? fault : undefined));
          const ended = await importItems(killed, entriesOf([nested()]), {}).then(
            () => 'finished',
            () => 'killed',
          );
          const before = await wholeOrNothing(db);
          const again = await importItems(db, entriesOf([nested()]), {});
          expect(again).toMatchObject({ imported: before === 'whole' ? 0 : 1, skipped: before === 'whole' ? 1 : 0 });
          await expect(wholeOrNothing(db)).resolves.toBe('whole');
          const gens = (await recordsUnder(db, 'n', 'task#')).map((sk) => sk.split('#')[1]);
          expect(gens).toHaveLength(80);
          expect(new Set(gens)).toEqual(new Set([(await readRaw(db, 'n'))?.['gen']]));
          seen.push(ended === 'finished' ? ended : before);
        }
        // Each phase was met: before the item is revealed, after it, and the whole import.
        expect(new Set(seen)).toEqual(new Set(['nothing', 'whole', 'finished']));
      },
      120_000,
    );

    test('two at once: exactly one wins, with all its nested tasks', async () => {
      for (let round = 0; round < 4; round++) {
        const db = await ground.db({ shards: 1 });
        const rival = await ground.db({ like: db });
        const all = await Promise.all([db, rival].map((one) => importItems(one, entriesOf([nested()]), {})));
        const ends = all.map(({ imported, skipped }) => ({ imported, skipped }));
        expect(ends).toContainEqual({ imported: 1, skipped: 0 });
        expect(ends).toContainEqual({ imported: 0, skipped: 1 });
        await expect(wholeOrNothing(db)).resolves.toBe('whole');
        await expect(recordsUnder(db, 'n', 'task#')).resolves.toHaveLength(80);
      }
    });

    test('a lost answer of the write that reveals the item still counts as imported', async () => {
      const db = await ground.db();
      disturb(db, first(1, 'PutItem', 'lost-answer'));
      await expect(importItem(db, nested(), 'G1', NOW)).resolves.toBe(true);
      await expect(wholeOrNothing(db)).resolves.toBe('whole');
    });

    test('an item that was claimed while that answer was lost is not overwritten', async () => {
      const db = await ground.db();
      const rival = await ground.db({ like: db });
      let claimed: Promise<unknown> | undefined;
      const lost = first(1, 'PutItem', 'lost-answer');
      // The second transmission waits for the rival's claim, so that it meets a locked item.
      disturb(db, lost);
      db.patient.middlewareStack.add(
        (next, context) => async (args) => {
          if (context['commandName'] !== 'PutItemCommand') return await next(args);
          return await next(args).catch(async (error: unknown) => {
            claimed ??= claim(rival, 'n', 'W9');
            await claimed;
            throw error;
          });
        },
        { step: 'finalizeRequest', priority: 'low', name: 'testRival' },
      );
      await expect(importItem(db, nested(), 'G1', NOW)).resolves.toBe(true);
      await expect(readRaw(db, 'n')).resolves.toMatchObject({ state: 'locked', workerId: 'W9', fence: 1, gen: 'G1' });
      await expect(recordsUnder(db, 'n', 'task#')).resolves.toHaveLength(80);
    });

    test('what the service leaves unprocessed is sent again', async () => {
      const db = await ground.db();
      let refusals = 0;
      answering(db, 'BatchWriteItem', async (input, send) => {
        const all = (input['RequestItems'] as Record<string, unknown[]>)[db.table] ?? [];
        if (refusals >= 3 || all.length < 2) return await send(input);
        refusals += 1;
        const taken = await send({ ...input, RequestItems: { [db.table]: all.slice(0, 1) } });
        return { ...taken, UnprocessedItems: { [db.table]: all.slice(1) } };
      });
      await importItem(db, nested(), 'G1', NOW);
      expect(refusals).toBe(3);
      await expect(wholeOrNothing(db)).resolves.toBe('whole');
    });
  });
}

/** All records under an item as stored. */
async function rawUnder(db: Db, itemId: string): Promise<unknown> {
  const command = new QueryCommand({
    TableName: db.table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': itemPk(itemId) },
    ConsistentRead: true,
  });
  return (await db.patient.send(command)).Items;
}
