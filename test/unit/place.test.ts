import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dueAtOf,
  dueBefore,
  lockedPlace,
  partitionKey,
  placeOf,
  PROGRESS_CLASSES,
  progressClass,
  progressOf,
  ringHash,
  shardOf,
  todoOrder,
  type PlacedItem,
  type Standing,
} from '../../src/domain/place.ts';
import { ITEM_STATES } from '../../src/domain/state.ts';

const id = fc.oneof(
  fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }),
  fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom('a', 'b', '|', '#', 's', '0', '5') }),
);
const step = fc.constantFrom('align', 'call', 'a', 'a.b', 'a-b', 'A');
const priority = fc.integer({ min: -999, max: 999 });
/** To the last time that a key can hold. */
const instant = fc.integer({ min: 0, max: 99_999_999_999_998 });
const nested = fc.option(
  fc.tuple(fc.nat(50), fc.nat(50)).map(([a, b]) => ({ total: Math.max(a, b), done: Math.min(a, b), failed: 0 })),
  { nil: undefined },
);
const item: fc.Arbitrary<PlacedItem> = fc.record({ itemId: id, step, nested });
const standing: fc.Arbitrary<Standing> = fc.oneof(
  fc.record({ state: fc.constant('todo' as const), priority }),
  fc.record({ state: fc.constant('waiting' as const), dueAt: instant }),
  fc.record({ state: fc.constant('locked' as const), workerId: fc.constantFrom('W1', 'W2', 'W11') }),
  fc.record({ state: fc.constantFrom('done' as const, 'failed' as const), endedAt: instant }),
  fc.record({ state: fc.constantFrom('held' as const, 'blocked' as const) }),
);

/** As DynamoDB sorts strings: by their bytes. */
function compare(a: string, b: string): number {
  return Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function orderOf(itemId: string, at: Standing): string {
  return placeOf({ itemId, step: 'align' }, at, 8).stateOrder;
}

describe('range of the index', () => {
  test('todo: the higher priority first, then round the ring', () => {
    fc.assert(
      fc.property(id, id, priority, priority, (a, b, pa, pb) => {
        const sign = compare(orderOf(a, { state: 'todo', priority: pa }), orderOf(b, { state: 'todo', priority: pb }));
        const expected = Math.sign(pb - pa) || compare(ringHash(a), ringHash(b)) || compare(`${a}|s`, `${b}|s`);
        expect(sign).toBe(expected);
      }),
    );
  });

  test('todo: its parts can be read back', () => {
    fc.assert(
      fc.property(item, priority, (one, p) => {
        const { priority: key, hash } = todoOrder(placeOf(one, { state: 'todo', priority: p }, 8).stateOrder);
        expect(Number(key)).toBe(999 - p);
        expect(hash).toBe(ringHash(one.itemId));
      }),
    );
  });

  test('waiting: exactly what is due lies below the bound, and the due time can be read back', () => {
    fc.assert(
      fc.property(
        id,
        instant,
        fc.oneof(instant, fc.constant(0)),
        fc.integer({ min: -2, max: 2 }),
        (a, due, other, near) => {
          const order = orderOf(a, { state: 'waiting', dueAt: due });
          for (const now of [other, Math.max(0, due + near)])
            expect(compare(order, dueBefore(now)) < 0).toBe(due <= now);
          expect(dueAtOf(order)).toBe(due);
        },
      ),
    );
  });

  test('waiting: the year 9999, the latest that can be imported, comes after all that is sooner', () => {
    const never = orderOf('a', { state: 'waiting', dueAt: 253_402_300_799_000 });
    expect(compare(never, orderOf('z', { state: 'waiting', dueAt: 99_999_999_999_998 }))).toBe(1);
    expect(dueAtOf(never)).toBeGreaterThan(99_999_999_999_998);
  });

  test.each(['done', 'failed'] as const)('%s: by end time', (state) => {
    fc.assert(
      fc.property(id, id, instant, instant, (a, b, atA, atB) => {
        fc.pre(atA !== atB);
        const sign = compare(orderOf(a, { state, endedAt: atA }), orderOf(b, { state, endedAt: atB }));
        expect(sign).toBe(Math.sign(atA - atB));
      }),
    );
  });

  test('its last mark tells the class of progress, whatever the id ends with', () => {
    fc.assert(
      fc.property(item, standing, (one, at) => {
        const progress = progressOf(placeOf(one, at, 8).stateOrder);
        expect(progress).toBe(one.nested === undefined ? undefined : PROGRESS_CLASSES[progressClass(one.nested)]);
      }),
    );
  });

  test('distinct items never share an entry', () => {
    fc.assert(
      fc.property(item, item, standing, fc.constantFrom(1, 2, 8), (a, b, at, shards) => {
        fc.pre(a.itemId !== b.itemId || a.step !== b.step);
        expect(placeOf(a, at, shards)).not.toEqual(placeOf(b, at, shards));
      }),
      { numRuns: 2000 },
    );
  });

  test('the place of a claimed item is that of its record, found from its entry', () => {
    fc.assert(
      fc.property(item, priority, (one, p) => {
        const found = placeOf(one, { state: 'todo', priority: p }, 8);
        const place = lockedPlace({ ...one, stateOrder: found.stateOrder }, 'W1', 8);
        expect(place).toEqual(placeOf(one, { state: 'locked', workerId: 'W1' }, 8));
      }),
    );
  });

  test('fits into a sort key of DynamoDB, 1,024 bytes, also for the longest id', () => {
    const longest = { itemId: 'z'.repeat(200), step: 'x'.repeat(64), nested: { total: 9, done: 1, failed: 0 } };
    const { stateKey, stateOrder } = placeOf(longest, { state: 'locked', workerId: 'W'.repeat(16) }, 8);
    expect(Buffer.byteLength(stateOrder)).toBeLessThan(1024);
    expect(stateKey).toBe(partitionKey(longest.step, 'locked', shardOf(longest.itemId, 8)));
  });
});

describe('partitions', () => {
  test('of steps and states are never the same', () => {
    const steps = ['a', 'a.b', 'a-b', 'A', 'a.todo', 'todo'];
    const keys = steps.flatMap((one) =>
      ITEM_STATES.flatMap((state) => [0, 1, 10].map((s) => partitionKey(one, state, s))),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('a shard is within its bounds and always the same', () => {
    fc.assert(
      fc.property(id, fc.integer({ min: 1, max: 64 }), (a, shards) => {
        const shard = shardOf(a, shards);
        expect(Number.isInteger(shard) && shard >= 0 && shard < shards).toBe(true);
        expect(shardOf(a, shards)).toBe(shard);
      }),
    );
  });

  // Tables hold these: another hash would leave items where nobody looks.
  test('the hashes of today are those of the tables that are there', () => {
    expect(['a', 'align.NA12878', '样本', ''].map((text) => [shardOf(text, 8), ringHash(text)])).toMatchInlineSnapshot(`
      [
        [
          6,
          "46ad5f91",
        ],
        [
          1,
          "0688d7c4",
        ],
        [
          6,
          "cb275b9a",
        ],
        [
          3,
          "424d749e",
        ],
      ]
    `);
  });

  test.each<[string, (i: number) => string]>([
    ['numbers', (i) => `${i}`],
    ['padded numbers', (i) => `sample_${String(i).padStart(6, '0')}`],
    ['numbers in front', (i) => `${i}_of_the_same_long_suffix.bam`],
    ['two parts', (i) => `S${i % 100}.chr${Math.floor(i / 100)}`],
  ])('ids of %s spread evenly over the shards and round the ring', (_what, idOf) => {
    const ids = Array.from({ length: 8000 }, (_, i) => idOf(i));
    expect(
      chiSquare(
        ids.map((one) => shardOf(one, 8)),
        8,
      ),
    ).toBeLessThan(35);
    expect(
      chiSquare(
        ids.map((one) => Number.parseInt(ringHash(one).slice(0, 1), 16)),
        16,
      ),
    ).toBeLessThan(55);
    // The ring inside one shard, which is what a worker walks.
    const inside = ids.filter((one) => shardOf(one, 8) === 3);
    expect(
      chiSquare(
        inside.map((one) => Number.parseInt(ringHash(one).slice(0, 1), 16)),
        16,
      ),
    ).toBeLessThan(55);
  });
});

describe('class of progress', () => {
  test.each([
    [0, 100, '0'],
    [1, 100, '1-25'],
    [25, 100, '1-25'],
    [26, 100, '26-50'],
    [50, 100, '26-50'],
    [51, 100, '51-75'],
    [75, 100, '51-75'],
    [76, 100, '76-99'],
    [99, 100, '76-99'],
    [100, 100, '100'],
    [1, 10_000, '1-25'],
    [9999, 10_000, '76-99'],
    [1, 4, '1-25'],
    [2, 4, '26-50'],
    [3, 4, '51-75'],
    [1, 3, '26-50'],
    [1, 1, '100'],
    [0, 0, '100'],
  ])('%i of %i: %s', (done, total, expected) => {
    expect(PROGRESS_CLASSES[progressClass({ done, total })]).toBe(expected);
  });

  test('never falls when more is done, and tells only a whole item from the rest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.nat(10_000), (total, n) => {
        const done = n % total;
        expect(progressClass({ total, done })).toBeLessThanOrEqual(progressClass({ total, done: done + 1 }));
        expect(progressClass({ total, done })).toBeLessThan(5);
        expect(progressClass({ total, done }) === 0).toBe(done === 0);
      }),
    );
  });
});

function chiSquare(values: readonly number[], cells: number): number {
  const counts = Array.from({ length: cells }, (_, cell) => values.filter((value) => value === cell).length);
  const expected = values.length / cells;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}
