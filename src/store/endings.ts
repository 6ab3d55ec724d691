import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Item, RunRecord } from '../domain/item.ts';
import type { RunReport } from '../domain/log-ref.ts';
import { causeOf } from '../domain/outcome.ts';
import { placeOf, type Standing } from '../domain/place.ts';
import type { Settlement } from '../domain/settle.ts';
import { readRaw, type Claimed } from './claims.ts';
import { asked, guarded, type Db } from './db.ts';
import { putOutput } from './output.ts';
import type { StoredRun } from './record.ts';
import { attemptKey, itemKey, nestedKey } from './schema.ts';

/** `fenced`: somebody else's claim or ending came first, nothing was written. */
export type EndAnswer = 'committed' | 'fenced' | { readonly unknown: string };

/** What every ending write asks: the item is still held by this worker under this fence (rule R7). */
const IS_MINE = '#state = :locked AND workerId = :worker AND fence = :fence';

export interface Ending {
  readonly claimed: Claimed;
  readonly workerId: string;
  readonly settlement: Settlement;
  readonly run: RunRecord;
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Rule R7: writes how the run ended and what becomes of the item, once, if it is still ours. Output and the earlier
 * attempt go into records of their own first. Safe to repeat until it is answered.
 */
export async function endItem(db: Db, ending: Ending): Promise<EndAnswer> {
  const { item, earlierRun } = ending.claimed;
  if (earlierRun !== undefined) await archive(db, item, earlierRun);
  const place = { itemId: item.itemId, gen: item.gen, fence: item.fence };
  const lastRun: StoredRun = { ...ending.run, log: await putOutput(db, place, ending.run.log) };
  const answer = await guarded(db, 'UpdateItem', () => db.once.send(endCommand(db, ending, lastRun)));
  if (answer.kind === 'applied') return 'committed';
  if (answer.kind === 'unknown') return { unknown: answer.message };
  return (await endedByMe(db, ending)) ? 'committed' : 'fenced';
}

function endCommand(db: Db, ending: Ending, lastRun: StoredRun): UpdateCommand {
  const { item } = ending.claimed;
  const { settlement, now } = ending;
  const nested = settlement.nested;
  const index = placeOf({ ...item, nested: nested ?? item.nested }, standingOf(item, settlement, now), db.shards);
  return new UpdateCommand({
    TableName: db.table,
    Key: itemKey(item.itemId),
    UpdateExpression:
      'SET #state = :state, stateKey = :stateKey, stateOrder = :stateOrder, endedFence = :fence, endedBy = :worker, ' +
      'endedAt = :now, attempts = :attempts, interrupted = :interrupted, lastRun = :lastRun, cause = :cause' +
      (nested === undefined ? '' : ', nestedDone = :nestedDone, nestedFailed = :nestedFailed') +
      ' REMOVE workerId, claimNonce',
    ConditionExpression: IS_MINE,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: {
      ':locked': 'locked',
      ':worker': ending.workerId,
      ':fence': item.fence,
      ':state': settlement.state,
      ':now': now,
      ':attempts': settlement.attempts,
      ':interrupted': settlement.interrupted,
      ':lastRun': lastRun,
      ':cause': causeOf(settlement.outcome),
      ':stateKey': index.stateKey,
      ':stateOrder': index.stateOrder,
      ...(nested === undefined ? {} : { ':nestedDone': nested.done, ':nestedFailed': nested.failed }),
    },
  });
}

function standingOf(item: Item, settlement: Settlement, now: number): Standing {
  switch (settlement.state) {
    case 'done':
    case 'failed':
      return { state: settlement.state, endedAt: now };
    case 'todo':
      return { state: 'todo', priority: item.priority };
    case 'waiting':
      return { state: 'waiting', dueAt: settlement.dueAt ?? now };
    default:
      throw new TypeError(`unknown state: ${String(settlement.state satisfies never)}`);
  }
}

/** A refused ending is still a success when an earlier, unanswered transmission of it was the one that came through. */
async function endedByMe(db: Db, ending: Ending): Promise<boolean> {
  const raw = await readRaw(db, ending.claimed.item.itemId);
  return raw?.['endedFence'] === ending.claimed.item.fence && raw['endedBy'] === ending.workerId;
}

async function archive(db: Db, item: Item, run: StoredRun): Promise<void> {
  const Item = { ...attemptKey(item.itemId, item.gen, run.fence), ...run };
  await asked(db, 'PutItem', () => db.patient.send(new PutCommand({ TableName: db.table, Item })));
}

/** A done nested task is never overwritten by a lower fence (I7); a repeat by the same fence writes the same again. */
const NOT_NEWER = 'attribute_exists(pk) AND fence <= :fence';

/** Writes how a nested task ended. The gen is part of its key, so an old import's write finds nothing. */
export async function endNested(db: Db, item: Item, index: number, report: RunReport): Promise<EndAnswer> {
  const place = { itemId: item.itemId, gen: item.gen, fence: item.fence, nested: index };
  const log = await putOutput(db, place, report.log);
  const state = causeOf(report.outcome) === 'ok' ? 'done' : 'failed';
  const usage = report.usage === undefined ? '' : ', #usage = :usage';
  const answer = await guarded(db, 'UpdateItem', () =>
    db.patient.send(
      new UpdateCommand({
        TableName: db.table,
        Key: nestedKey(item.itemId, item.gen, index),
        UpdateExpression: `SET #state = :state, fence = :fence, #outcome = :outcome, startedAt = :startedAt, endedAt = :endedAt, #log = :log${usage}`,
        ConditionExpression: NOT_NEWER,
        ExpressionAttributeNames: {
          '#state': 'state',
          '#outcome': 'outcome',
          '#log': 'log',
          ...(usage === '' ? {} : { '#usage': 'usage' }),
        },
        ExpressionAttributeValues: {
          ':state': state,
          ':fence': item.fence,
          ':outcome': report.outcome,
          ':startedAt': report.startedAt,
          ':endedAt': report.endedAt,
          ':log': log,
          ...(usage === '' ? {} : { ':usage': report.usage }),
        },
      }),
    ),
  );
  if (answer.kind === 'unknown') return { unknown: answer.message };
  return answer.kind === 'applied' ? 'committed' : 'fenced';
}
