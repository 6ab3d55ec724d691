import type { Item, ItemSpec, NestedTask, RunRecord } from '../domain/item.ts';
import type { LogRef, Usage } from '../domain/log-ref.ts';
import type { Outcome } from '../domain/outcome.ts';
import { placeOf, type Standing } from '../domain/place.ts';
import type { ItemState, NestedState } from '../domain/state.ts';
import { getOutput, type StoredLog } from './output.ts';
import type { Db } from './db.ts';
import { itemIdOf, itemKey } from './schema.ts';

export type Raw = Readonly<Record<string, unknown>>;

/** A run inside a record: as the domain's, with its log as stored. */
export type StoredRun = Omit<RunRecord, 'log'> & { readonly log: StoredLog };

/** The record of a new item. Defaults are left out: the record should stay below 1 KB. */
export function newItemRecord(spec: ItemSpec, gen: string, shards: number, now: number): Raw {
  const nested = spec.nestedArgs === undefined ? undefined : { total: spec.nestedArgs.length, done: 0, failed: 0 };
  const waits = spec.notBefore !== undefined && spec.notBefore > now;
  const standing: Standing = waits
    ? { state: 'waiting', dueAt: spec.notBefore }
    : { state: 'todo', priority: spec.priority };
  return {
    ...itemKey(spec.itemId),
    ...placeOf({ itemId: spec.itemId, step: spec.step, nested }, standing, shards),
    taskId: spec.taskId,
    taskOrder: `${spec.step}|${spec.itemId}`,
    gen,
    step: spec.step,
    script: spec.script,
    state: standing.state,
    fence: 0,
    endedFence: 0,
    attempts: 0,
    lost: 0,
    interrupted: 0,
    importedAt: now,
    ...(spec.priority === 0 ? {} : { priority: spec.priority }),
    ...(spec.maxAttempts === 1 ? {} : { maxAttempts: spec.maxAttempts }),
    ...(spec.timeoutMs === undefined ? {} : { timeoutMs: spec.timeoutMs }),
    ...(spec.silentTimeoutMs === undefined ? {} : { silentTimeoutMs: spec.silentTimeoutMs }),
    ...(spec.notBefore === undefined ? {} : { notBefore: spec.notBefore }),
    ...(spec.shell ? { shell: true } : {}),
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(nested === undefined ? {} : { nestedTotal: nested.total, nestedDone: 0, nestedFailed: 0 }),
    ...(spec.nestedMode === 'sequence' ? { nestedMode: 'sequence' } : {}),
  };
}

function optional<K extends string>(key: K, value: unknown): Partial<Record<K, never>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, never>>;
}

/** The item as the domain knows it, without its last run (which may need a record of its own). */
export function itemOf(raw: Raw): Item {
  return {
    itemId: itemIdOf(String(raw['pk'])),
    step: String(raw['step']),
    taskId: String(raw['taskId']),
    script: String(raw['script']),
    gen: String(raw['gen']),
    state: raw['state'] as ItemState,
    fence: Number(raw['fence']),
    endedFence: Number(raw['endedFence'] ?? 0),
    priority: Number(raw['priority'] ?? 0),
    maxAttempts: Number(raw['maxAttempts'] ?? 1),
    attempts: Number(raw['attempts'] ?? 0),
    lost: Number(raw['lost'] ?? 0),
    interrupted: Number(raw['interrupted'] ?? 0),
    shell: raw['shell'] === true,
    nestedMode: raw['nestedMode'] === 'sequence' ? 'sequence' : 'parallel',
    importedAt: Number(raw['importedAt'] ?? 0),
    ...optional('timeoutMs', raw['timeoutMs']),
    ...optional('silentTimeoutMs', raw['silentTimeoutMs']),
    ...optional('notBefore', raw['notBefore']),
    ...optional('env', raw['env']),
    ...optional('workerId', raw['workerId']),
    ...optional('claimNonce', raw['claimNonce']),
    ...optional('claimedAt', raw['claimedAt']),
    ...optional('endedAt', raw['endedAt']),
    ...(raw['nestedTotal'] === undefined
      ? {}
      : {
          nested: {
            total: Number(raw['nestedTotal']),
            done: Number(raw['nestedDone'] ?? 0),
            failed: Number(raw['nestedFailed'] ?? 0),
          },
        }),
  };
}

/** The item with its last run; `withOutput` also reads the output's own record. */
export async function fullItemOf(db: Db, raw: Raw, withOutput: boolean): Promise<Item> {
  const item = itemOf(raw);
  const run = raw['lastRun'] as StoredRun | undefined;
  if (run === undefined) return item;
  return { ...item, lastRun: await runOf(db, item, run, withOutput) };
}

export async function runOf(
  db: Db,
  item: { itemId: string; gen: string },
  run: StoredRun,
  withOutput: boolean,
): Promise<RunRecord> {
  const place = { itemId: item.itemId, gen: item.gen, fence: run.fence };
  return { ...run, log: await getOutput(db, place, run.log, withOutput) };
}

/** A nested task from its record; the log's own record is read when `withOutput`. */
export async function nestedOf(
  db: Db,
  item: { itemId: string; gen: string },
  raw: Raw,
  withOutput: boolean,
): Promise<NestedTask> {
  const index = Number(String(raw['sk']).slice(-6));
  const fence = Number(raw['fence'] ?? 0);
  const stored = raw['log'] as StoredLog | undefined;
  const place = { itemId: item.itemId, gen: item.gen, fence, nested: index };
  const log: LogRef | undefined = stored === undefined ? undefined : await getOutput(db, place, stored, withOutput);
  return {
    index,
    arg: String(raw['arg']),
    state: (raw['state'] ?? 'todo') as NestedState,
    fence,
    ...optional('outcome', raw['outcome'] as Outcome | undefined),
    ...optional('startedAt', raw['startedAt']),
    ...optional('endedAt', raw['endedAt']),
    ...optional('usage', raw['usage'] as Usage | undefined),
    ...optional('log', log),
  };
}
