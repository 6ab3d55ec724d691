import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { systemClock } from '../support/clock.ts';
import { asked, type Db } from './db.ts';
import type { Raw } from './record.ts';
import { itemIdOf, itemKey } from './schema.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5000;

/**
 * Records of items by id (at most 100 ids), eventually consistent; those that are not there are left out. What the service
 * leaves unprocessed, as it does when it throttles, is asked for again with growing pauses.
 */
export async function readMany(db: Db, itemIds: readonly string[], projection?: string): Promise<Map<string, Raw>> {
  const found = new Map<string, Raw>();
  let keys: { pk: string; sk: string }[] = [...new Set(itemIds)].map((id) => itemKey(id));
  for (let pauseMs = FIRST_PAUSE_MS; keys.length > 0; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const request = { Keys: keys, ...(projection === undefined ? {} : { ProjectionExpression: projection }) };
    const command = new BatchGetCommand({ RequestItems: { [db.table]: request } });
    const answer = await asked(db, 'BatchGetItem', () => db.patient.send(command));
    for (const raw of answer.Responses?.[db.table] ?? []) found.set(itemIdOf(String(raw['pk'])), raw);
    keys = (answer.UnprocessedKeys?.[db.table]?.Keys ?? []) as typeof keys;
    if (keys.length > 0) await systemClock.sleep(pauseMs);
  }
  return found;
}
