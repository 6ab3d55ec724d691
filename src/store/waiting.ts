import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { dueAtOf, dueBefore, placeOf } from '../domain/place.ts';
import { readRaw } from './claims.ts';
import { guarded, type Db } from './db.ts';
import { readPage, type Entry } from './queries.ts';
import { itemOf } from './record.ts';
import { itemKey } from './schema.ts';

/** The item has not moved since it was seen. */
const STILL_WAITING = '#state = :waiting AND stateOrder = :seen';

/** Makes due items of one step and shard claimable, up to one page of 25; gives their ids. */
export async function promoteDue(db: Db, step: string, shard: number, now: number): Promise<string[]> {
  const due = await readPage(db, { step, state: 'waiting', shard }, { before: dueBefore(now), limit: 25 });
  const promoted: string[] = [];
  for (const entry of due) {
    if (await promote(db, entry)) promoted.push(entry.itemId);
  }
  return promoted;
}

async function promote(db: Db, entry: Entry): Promise<boolean> {
  const raw = await readRaw(db, entry.itemId);
  if (raw === undefined) return false;
  const item = itemOf(raw);
  const place = placeOf(item, { state: 'todo', priority: item.priority }, db.shards);
  const answer = await guarded(db, 'UpdateItem', () =>
    db.once.send(
      new UpdateCommand({
        TableName: db.table,
        Key: itemKey(entry.itemId),
        UpdateExpression: 'SET #state = :todo, stateKey = :stateKey, stateOrder = :stateOrder',
        ConditionExpression: STILL_WAITING,
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':waiting': 'waiting',
          ':todo': 'todo',
          ':seen': entry.stateOrder,
          ':stateKey': place.stateKey,
          ':stateOrder': place.stateOrder,
        },
      }),
    ),
  );
  return answer.kind === 'applied';
}

/** Epoch ms at which the next waiting item of one step and shard is due; undefined when none waits. */
export async function nextDue(db: Db, step: string, shard: number): Promise<number | undefined> {
  const [first] = await readPage(db, { step, state: 'waiting', shard }, { limit: 1 });
  return first === undefined ? undefined : dueAtOf(first.stateOrder);
}
