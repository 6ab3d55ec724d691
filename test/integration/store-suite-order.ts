import { describe, expect, test } from 'vitest';
import { ringHash } from '../../src/domain/place.ts';
import { readRaw } from '../../src/store/claims.ts';
import type { Db } from '../../src/store/db.ts';
import { readPage } from '../../src/store/queries.ts';
import { nextDue, promoteDue } from '../../src/store/waiting.ts';
import { disturb } from './store-suite-faults.ts';
import { claim, indexKeys, NOW, put, spec, type Ground } from './store-suite-harness.ts';

const TODO = { step: 'align', state: 'todo', shard: 0 } as const;
const MINUTE = 60_000;

export function orderSuite(ground: Ground): void {
  describe('order', () => {
    test('higher priorities come first, then the ring, and pages go on where the last one ended', async () => {
      const db = await ground.db({ shards: 1 });
      const priorities = [0, 5, -999, 999, 5, 0, -1, 10, 100, 0, 5, 1];
      await put(db, ...priorities.map((priority, i) => spec(`i${i}`, { priority })));
      const read: string[] = [];
      let after: string | undefined;
      for (let size = 5; size === 5;) {
        const page = await readPage(db, TODO, { limit: 5, ...(after === undefined ? {} : { after }) });
        read.push(...page.map((entry) => entry.itemId));
        after = page.at(-1)?.stateOrder;
        size = page.length;
      }
      const expected = priorities
        .map((priority, i) => ({ priority, id: `i${i}`, hash: ringHash(`i${i}`) }))
        .toSorted((a, b) => b.priority - a.priority || (a.hash < b.hash ? -1 : 1));
      expect(read).toEqual(expected.map(({ id }) => id));
    });

    test('a claimed item leaves the list of those to do', async () => {
      const db = await ground.db({ shards: 1 });
      await put(db, spec('a'), spec('b'));
      await claim(db, 'a');
      await expect(readPage(db, TODO, { limit: 9 })).resolves.toMatchObject([{ itemId: 'b' }]);
      await expect(readPage(db, { ...TODO, step: 'call' }, { limit: 9 })).resolves.toEqual([]);
    });
  });

  describe('waiting', () => {
    async function withDue(...minutes: readonly number[]): Promise<Db> {
      const db = await ground.db({ shards: 1 });
      await put(db, ...minutes.map((m) => spec(`m${m}`, { notBefore: NOW + m * MINUTE, priority: m })));
      return db;
    }

    test('nextDue is the earliest, and none when nothing waits', async () => {
      const db = await withDue(20, 3, 10);
      await expect(nextDue(db, 'align', 0)).resolves.toBe(NOW + 3 * MINUTE);
      await expect(nextDue(db, 'call', 0)).resolves.toBeUndefined();
    });

    test('only what is due is promoted, to the millisecond, into its place by priority', async () => {
      const db = await withDue(1, 2, 3);
      await expect(promoteDue(db, 'align', 0, NOW + MINUTE - 1)).resolves.toEqual([]);
      await expect(promoteDue(db, 'align', 0, NOW + 2 * MINUTE)).resolves.toEqual(['m1', 'm2']);
      await expect(readRaw(db, 'm3')).resolves.toMatchObject({ state: 'waiting' });
      const page = await readPage(db, TODO, { limit: 9 });
      expect(page.map((entry) => entry.itemId)).toEqual(['m2', 'm1']);
      await expect(nextDue(db, 'align', 0)).resolves.toBe(NOW + 3 * MINUTE);
      expect((await claim(db, 'm1')).item).toMatchObject({ fence: 1, priority: 1 });
    });

    test('5 at once promote each due item once', async () => {
      const db = await withDue(1, 2, 3, 4, 5, 6, 7, 8);
      const all = await Promise.all(Array.from({ length: 5 }, () => promoteDue(db, 'align', 0, NOW + 6 * MINUTE)));
      expect(all.flat().toSorted()).toEqual(['m1', 'm2', 'm3', 'm4', 'm5', 'm6']);
      await expect(readPage(db, TODO, { limit: 99 })).resolves.toHaveLength(6);
    });

    test('an item that was promoted and claimed meanwhile is left alone', async () => {
      const db = await withDue(1);
      const rival = await ground.db({ like: db });
      disturb(db);
      let claimed = false;
      db.once.middlewareStack.add(
        (next) => async (args) => {
          if (!claimed) {
            claimed = true;
            await promoteDue(rival, 'align', 0, NOW + MINUTE);
            await claim(rival, 'm1', 'W2');
          }
          return await next(args);
        },
        { step: 'build', name: 'testRival' },
      );
      await expect(promoteDue(db, 'align', 0, NOW + MINUTE)).resolves.toEqual([]);
      await expect(readRaw(db, 'm1')).resolves.toMatchObject({ state: 'locked', workerId: 'W2' });
      await expect(indexKeys(db, 'm1')).resolves.toHaveLength(1);
    });
  });
}
