import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Item } from '../../src/domain/item.ts';
import { PROGRESS_CLASSES, progressClass } from '../../src/domain/place.ts';
import { ITEM_STATES } from '../../src/domain/state.ts';
import type { NestedProgress, Table, TableStatus } from '../../src/library/types.ts';
import type { Db } from '../../src/store/db.ts';
import { endItem, endNested } from '../../src/store/endings.ts';
import { listNestedToRun } from '../../src/store/nested.ts';
import type { Raw } from '../../src/store/record.ts';
import { promoteDue } from '../../src/store/waiting.ts';
import { disturb } from './store-suite-faults.ts';
import {
  claim,
  collect,
  EMPTY_LOG,
  endingOf,
  entriesOf,
  NOW,
  put,
  scan,
  spec,
  type Ground,
} from './store-suite-harness.ts';

interface Operation {
  readonly item: number;
  readonly end: 'done' | 'failed' | 'todo' | 'waiting' | 'none';
  /** How many nested tasks the run gets done. */
  readonly nested: number;
  readonly promote: boolean;
}

const OPERATIONS = fc.array(
  fc.record<Operation>({
    item: fc.nat(11),
    end: fc.constantFrom('done', 'failed', 'todo', 'waiting', 'none'),
    nested: fc.nat(5),
    promote: fc.boolean(),
  }),
  { minLength: 10, maxLength: 30 },
);

export function statusSuite(ground: Ground): void {
  describe('status', () => {
    test('counts what a count by hand finds, after any operations', async () => {
      await fc.assert(
        fc.asyncProperty(OPERATIONS, async (operations) => {
          const db = await ground.db();
          await put(db, ...Array.from({ length: 12 }, (_, i) => itemOf(i)));
          const running = new Map<number, Item>();
          for (const operation of operations) await perform(db, running, operation);
          const table = await ground.open(db.table);
          expect(await table.status()).toMatchObject(countedByHand(await scan(db)));
          for (const state of ITEM_STATES) {
            const ids = (await collect(table.items({ states: [state] }))).map((item) => item.itemId).toSorted();
            expect(ids).toEqual(idsInState(await scan(db), state));
          }
        }),
        { numRuns: 4, endOnFailure: true },
      );
    });

    test('of one step, and of a step that the table does not have', async () => {
      const db = await ground.db();
      await put(db, spec('a'), spec('b', { step: 'call' }), spec('c', { step: 'call', nestedArgs: ['x'] }));
      const table = await ground.open(db.table);
      const status = await table.status({ steps: ['call'] });
      expect(status.steps.map((step) => step.step)).toEqual(['call']);
      expect(status).toMatchObject({ totals: { todo: 2, total: 2 }, nested: { '0': 1, '100': 0 } });
      expect((await table.status({ steps: ['align'] })).nested).toBeUndefined();
      await expect(table.status({ steps: ['qc', 'call'] })).rejects.toMatchObject({ code: 'STEP_UNKNOWN' });
    });

    test('counts a running item by what is done of it now', async () => {
      const db = await ground.db();
      await put(db, spec('n', { nestedArgs: ['a', 'b', 'c', 'd'] }));
      const { item } = await claim(db, 'n');
      const table = await ground.open(db.table);
      const classes: (keyof NestedProgress)[] = [];
      for (let index = 0; index < 4; index++) {
        await endNested(db, item, index, okReport());
        classes.push(...classesOf(await table.status()));
      }
      expect(classes).toEqual(['1-25', '26-50', '51-75', '100']);
    });
  });

  describe('items', () => {
    async function some(): Promise<{ db: Db; table: Table }> {
      const db = await ground.db();
      await put(
        db,
        spec('a1', { taskId: 'A' }),
        spec('a2', { taskId: 'A', step: 'call' }),
        spec('b1', { taskId: 'B' }),
      );
      await endItem(db, endingOf(await claim(db, 'a1')));
      return { db, table: await ground.open(db.table) };
    }

    test.each([
      [{}, ['a1', 'a2', 'b1']],
      [{ states: ['done'] as const }, ['a1']],
      [{ states: ['todo', 'failed', 'todo'] as const }, ['a2', 'b1']],
      [{ steps: ['align'] }, ['a1', 'b1']],
      [{ taskId: 'A' }, ['a1', 'a2']],
      [{ taskId: 'A', states: ['todo'] as const }, ['a2']],
      [{ taskId: 'A', steps: ['align', 'align'] }, ['a1']],
      [{ taskId: 'C' }, []],
    ])('by %o', async (filter, expected) => {
      const { table } = await some();
      const ids = (await collect(table.items(filter))).map((item) => item.itemId);
      expect(ids.toSorted()).toEqual(expected);
    });

    test.each([{ steps: ['qc'] }, { taskId: 'A', steps: ['qc'] }])(
      'of a step that is not there (%o)',
      async (filter) => {
        const { table } = await some();
        await expect(collect(table.items(filter))).rejects.toMatchObject({ code: 'STEP_UNKNOWN' });
      },
    );

    test('500 come once each, in full, page by page', async () => {
      const name = ground.newName();
      const table = await ground.open(name, { whenMissing: 'create' });
      const specs = Array.from({ length: 500 }, (_, i) => spec(`i${i}`, { taskId: i % 2 === 0 ? 'even' : 'odd' }));
      await table.import(entriesOf(specs));
      const ids = (await collect(table.items())).map((item) => item.itemId);
      expect(ids.toSorted()).toEqual(specs.map((one) => one.itemId).toSorted());
      await expect(collect(table.items({ taskId: 'even', states: ['todo'] }))).resolves.toHaveLength(250);
    });

    test('one that changes its state while the list is made comes once', async () => {
      const db = await ground.db({ shards: 1 });
      await put(db, spec('a'), spec('b'));
      const table = await listingWhile(db, async (rival) => {
        await claim(rival, 'a');
      });
      expect(table.map((item) => item.itemId).toSorted()).toEqual(['a', 'b']);
    });

    /** Lists with the change made right after the first partition was read. */
    async function listingWhile(db: Db, change: (rival: Db) => Promise<void>): Promise<Item[]> {
      const { listItems } = await import('../../src/library/list-items.ts');
      const rival = await ground.db({ like: db });
      let queries = 0;
      disturb(db);
      db.patient.middlewareStack.add(
        (next, context) => async (args) => {
          // The first query lists the steps, the second those to do.
          if (context['commandName'] === 'QueryCommand' && (queries += 1) === 3) await change(rival);
          return await next(args);
        },
        { step: 'build', name: 'testChange' },
      );
      return await collect(listItems(db, {}));
    }
  });
}

function itemOf(i: number): ReturnType<typeof spec> {
  const step = i % 3 === 0 ? 'single' : 'nested';
  const change = i % 3 === 1 ? { nestedArgs: Array.from({ length: i }, (_, n) => `${n}`) } : {};
  return spec(`i${i}`, { step, maxAttempts: 99, ...change });
}

async function perform(db: Db, running: Map<number, Item>, operation: Operation): Promise<void> {
  const held = running.get(operation.item);
  if (held === undefined) {
    const claimed = await claim(db, `i${operation.item}`).catch(() => undefined);
    if (claimed === undefined) return;
    running.set(operation.item, claimed.item);
    const todo = claimed.item.nested === undefined ? [] : await listNestedToRun(db, claimed.item);
    for (const { index } of todo.slice(0, operation.nested)) await endNested(db, claimed.item, index, okReport());
  } else if (operation.end !== 'none') {
    running.delete(operation.item);
    const done = held.nested === undefined ? 0 : held.nested.total - (await listNestedToRun(db, held)).length;
    const nested = held.nested === undefined ? {} : { nested: { ...held.nested, done } };
    const dueAt = NOW + operation.item;
    await endItem(db, endingOf({ item: held }, { state: operation.end, settlement: { ...nested, dueAt } }));
  }
  if (operation.promote) for (const step of ['single', 'nested']) await promoteAll(db, step);
}

async function promoteAll(db: Db, step: string): Promise<void> {
  for (let shard = 0; shard < db.shards; shard++) await promoteDue(db, step, shard, NOW + 5);
}

function okReport(): Parameters<typeof endNested>[3] {
  return { outcome: { kind: 'exited', code: 0 }, startedAt: NOW, endedAt: NOW, log: EMPTY_LOG };
}

/** From the records themselves, without the index. */
function countedByHand(records: readonly Raw[]): Partial<TableStatus> {
  const items = records.filter((raw) => raw['sk'] === 'item');
  const steps = ['nested', 'single'].map((step) => {
    const own = items.filter((raw) => raw['step'] === step);
    const states = ITEM_STATES.map((state) => [state, own.filter((raw) => raw['state'] === state).length] as const);
    const counts = Object.fromEntries(states) as TableStatus['steps'][number]['states'];
    const nested = step === 'nested' ? { nested: progressByHand(records, own) } : {};
    return { step, paused: false, states: counts, total: own.length, ...nested };
  });
  return { steps };
}

function progressByHand(records: readonly Raw[], items: readonly Raw[]): NestedProgress {
  const progress = Object.fromEntries(PROGRESS_CLASSES.map((name) => [name, 0])) as Record<
    keyof NestedProgress,
    number
  >;
  for (const item of items) {
    const tasks = records.filter((raw) => raw['pk'] === item['pk'] && String(raw['sk']).startsWith('task#'));
    if (tasks.length === 0) continue;
    const done = tasks.filter((raw) => raw['state'] === 'done').length;
    progress[PROGRESS_CLASSES[progressClass({ total: tasks.length, done })]] += 1;
  }
  return progress;
}

function idsInState(records: readonly Raw[], state: string): string[] {
  const items = records.filter((raw) => raw['sk'] === 'item' && raw['state'] === state);
  return items.map((raw) => String(raw['pk']).slice('item#'.length)).toSorted();
}

function classesOf(status: TableStatus): (keyof NestedProgress)[] {
  return PROGRESS_CLASSES.filter((name) => (status.nested?.[name] ?? 0) > 0);
}
