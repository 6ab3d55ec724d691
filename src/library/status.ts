import type { ItemState } from '../domain/state.ts';
import { ITEM_STATES } from '../domain/state.ts';
import { PROGRESS_CLASSES, progressClass, progressOf, type ProgressClass } from '../domain/place.ts';
import { AnamoError } from '../domain/errors.ts';
import { eachBounded, type Db } from '../store/db.ts';
import { countNestedDone } from '../store/nested.ts';
import { countPartition, listPartition, readItems, type Partition } from '../store/queries.ts';
import { listSteps, type StepRecord } from '../store/steps.ts';
import type { NestedProgress, StepStatus, TableStatus } from './types.ts';

/** Queries under way at once. */
const BOUND = 16;
/** Running items whose nested tasks are counted one by one, at most; the class of the others is that of their claim. */
const COUNTED_RUNNING = 50;

type Counts = Record<ItemState, number>;

function noCounts(): Counts {
  return Object.fromEntries(ITEM_STATES.map((state) => [state, 0])) as Counts;
}

function noProgress(): Record<ProgressClass, number> {
  return Object.fromEntries(PROGRESS_CLASSES.map((name) => [name, 0])) as Record<ProgressClass, number>;
}

/**
 * Counts a table on its index, without reading an item (running ones with nested tasks aside). Reads what the index
 * holds once: half a read unit per 4 KB of keys.
 */
export async function readStatus(
  db: Db,
  account: string,
  now: number,
  only: readonly string[] | undefined,
): Promise<TableStatus> {
  const steps = chosen(await listSteps(db), only, db.table);
  const results = steps.map((step) => ({ step, counts: noCounts(), progress: noProgress() }));
  const jobs = results.flatMap((result) =>
    ITEM_STATES.flatMap((state) => Array.from({ length: db.shards }, (_, shard) => ({ result, state, shard }))),
  );
  const running: { itemId: string; progress: Record<ProgressClass, number> }[] = [];
  await eachBounded(jobs, BOUND, async ({ result, state, shard }) => {
    const partition: Partition = { step: result.step.name, state, shard };
    if (!result.step.nested) {
      // Awaited first: `a += await b` would read a before the pause and lose what others added meanwhile.
      const count = await countPartition(db, partition);
      result.counts[state] += count;
      return;
    }
    for await (const entry of listPartition(db, partition)) {
      result.counts[state]++;
      const progress = progressOf(entry.stateOrder);
      if (progress === undefined) continue;
      if (state === 'locked' && running.length < COUNTED_RUNNING)
        running.push({ itemId: entry.itemId, progress: result.progress });
      else result.progress[progress]++;
    }
  });
  await countRunning(db, running);
  return summed(
    db,
    account,
    now,
    results.map(({ step, counts, progress }) => stepStatus(step, counts, progress)),
  );
}

async function countRunning(
  db: Db,
  running: readonly { itemId: string; progress: Record<ProgressClass, number> }[],
): Promise<void> {
  const items = new Map(
    (
      await readItems(
        db,
        running.map((r) => r.itemId),
      )
    ).map((item) => [item.itemId, item]),
  );
  await eachBounded(running, BOUND, async ({ itemId, progress }) => {
    const item = items.get(itemId);
    if (item?.nested === undefined) return;
    const done = await countNestedDone(db, itemId, item.gen);
    progress[PROGRESS_CLASSES[progressClass({ total: item.nested.total, done })]]++;
  });
}

function chosen(
  steps: readonly StepRecord[],
  only: readonly string[] | undefined,
  table: string,
): readonly StepRecord[] {
  if (only === undefined) return steps;
  requireSteps(steps, only, table);
  return steps.filter((step) => only.includes(step.name));
}

/** Throws STEP_UNKNOWN for a step that the table does not have. */
export function requireSteps(steps: readonly StepRecord[], only: readonly string[], table: string): void {
  const known = new Set(steps.map((step) => step.name));
  const unknown = only.filter((step) => !known.has(step));
  if (unknown.length === 0) return;
  const has = steps.length === 0 ? 'it has none yet' : `it has ${[...known].join(', ')}`;
  throw new AnamoError('STEP_UNKNOWN', `table ${table} has no step ${unknown.join(', ')}`, {
    hint: `${has}; a step exists from its first import on`,
  });
}

function stepStatus(step: StepRecord, states: Counts, progress: NestedProgress): StepStatus {
  const total = ITEM_STATES.reduce((sum, state) => sum + states[state], 0);
  return { step: step.name, paused: step.paused, states, total, ...(step.nested ? { nested: progress } : {}) };
}

function summed(db: Db, account: string, at: number, steps: readonly StepStatus[]): TableStatus {
  const totals = { ...noCounts(), total: 0 };
  const nested = noProgress();
  for (const step of steps) {
    totals.total += step.total;
    for (const state of ITEM_STATES) totals[state] += step.states[state];
    for (const name of PROGRESS_CLASSES) nested[name] += step.nested?.[name] ?? 0;
  }
  const anyNested = steps.some((step) => step.nested !== undefined);
  return { table: db.table, region: db.region, account, at, steps, totals, ...(anyNested ? { nested } : {}) };
}
