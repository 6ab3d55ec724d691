import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/domain/item.ts';
import { endItem, endNested } from '../../src/store/endings.ts';
import { listNestedToRun } from '../../src/store/nested.ts';
import { claim, collect, EMPTY_LOG, endingOf, entriesOf, NOW, spec, type Ground } from './store-suite-harness.ts';

/** Ids that look like the table's own keys, that begin like one another, and that are as long as they may be. */
const IDS = [
  ...['a', 'a|', 'a|b', 'a|b|s', 'a|0', 'a#', 'a#item', 'ab', 'A'],
  ...['|s', '|', '#', 'x#y', 'x#', 'x', 'item', 'item#a', 'task#G#000000', 'out#G#1', 'table', 'worker#0', 'step#x'],
  ...[
    '../..',
    '/',
    '.',
    ' ',
    'two words',
    '\t',
    '"',
    '\\',
    '{}',
    '%',
    '$HOME',
    ':bound',
    '0',
    '-1',
    'null',
    '__proto__',
  ],
  ...['\u00e9', 'e\u0301', '样本', '😀', '\u{10ffff}', '\uffff', '\u0001', 'ı', 'ﬀ'],
  ...['z'.repeat(200), `${'z'.repeat(199)}y`, '样'.repeat(66)],
];

export function idSuite(ground: Ground): void {
  describe('ids that are hostile', () => {
    test('round trip through import, claim, end and every list, and never mix', async () => {
      const name = ground.newName();
      const table = await ground.open(name, { whenMissing: 'create', shards: 2 });
      const specs = IDS.map((id, i) => spec(id, { taskId: id, script: `run ${i}`, nestedArgs: [id, `${i}`] }));
      await expect(table.import(entriesOf(specs))).resolves.toMatchObject({ imported: IDS.length, skipped: 0 });
      const db = await ground.db({ like: { ...(await ground.clients(name)), shards: 2 } });
      for (const [i, id] of IDS.entries()) {
        if (i % 2 === 1) continue;
        const claimed = await claim(db, id);
        await endNested(db, claimed.item, 0, {
          outcome: { kind: 'exited', code: 0 },
          startedAt: NOW,
          endedAt: NOW,
          log: { ...EMPTY_LOG, inline: Buffer.from(`nested ${id}`.repeat(60)) },
        });
        const log = { ...EMPTY_LOG, inline: Buffer.from(`item ${id}`.repeat(60)) };
        await expect(endItem(db, endingOf(claimed, { run: { log } }))).resolves.toBe('committed');
      }
      for (const [i, id] of IDS.entries()) {
        const { item, nested } = await table.show(id);
        const ended = i % 2 === 0;
        expect(item).toMatchObject({ itemId: id, taskId: id, script: `run ${i}`, state: ended ? 'done' : 'todo' });
        expect(nested.map((task) => task.arg)).toEqual([id, `${i}`]);
        await expect(listNestedToRun(db, item)).resolves.toHaveLength(ended ? 1 : 2);
        const logs = [item.lastRun?.log.inline, nested[0]?.log?.inline].map(
          (log) => log && Buffer.from(log).toString(),
        );
        expect(logs).toEqual(ended ? [`item ${id}`.repeat(60), `nested ${id}`.repeat(60)] : [undefined, undefined]);
        expect(idsOf(await collect(table.items({ taskId: id })))).toEqual([id]);
      }
      expect(idsOf(await collect(table.items()))).toEqual(IDS.toSorted());
      const half = Math.ceil(IDS.length / 2);
      await expect(table.status()).resolves.toMatchObject({ totals: { done: half, todo: IDS.length - half } });
    });

    test('the same sample stands in many steps, each with its own item', async () => {
      const table = await ground.open(ground.newName(), { whenMissing: 'create' });
      const steps = ['align', 'a.b', 'a-b', 'A', 'x'.repeat(64)];
      await table.import(entriesOf(steps.map((step, i) => spec(`i${i}`, { step, taskId: 'a|b' }))));
      expect(idsOf(await collect(table.items({ taskId: 'a|b' })))).toEqual(steps.map((_, i) => `i${i}`));
      expect(idsOf(await collect(table.items({ taskId: 'a' })))).toEqual([]);
      for (const [i, step] of steps.entries()) {
        expect(idsOf(await collect(table.items({ steps: [step] })))).toEqual([`i${i}`]);
      }
    });
  });
}

function idsOf(items: readonly Item[]): string[] {
  return items.map((item) => item.itemId).toSorted();
}
