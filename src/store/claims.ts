import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { AnamoError } from '../domain/errors.ts';
import type { Item } from '../domain/item.ts';
import { lockedPlace } from '../domain/place.ts';
import { asked, guarded, type Db, type WriteAnswer } from './db.ts';
import { itemOf, type Raw, type StoredRun } from './record.ts';
import { itemKey } from './schema.ts';

/** A claimed item, and the earlier run that its record still holds. */
export interface Claimed {
  readonly item: Item;
  readonly earlierRun?: StoredRun;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claim: Claimed }
  /** `late`: an earlier transmission of the claim may still arrive, so it is to be looked at again. */
  | { readonly kind: 'conflict'; readonly late?: true }
  /** No definite answer: the claim may stand. `resolveClaim` finds out. */
  | { readonly kind: 'unknown'; readonly message: string };

export interface ClaimRequest {
  readonly itemId: string;
  readonly step: string;
  /** The item's range in the index as it was seen: its last mark, the class of progress, is kept. */
  readonly stateOrder: string;
  readonly workerId: string;
  readonly nonce: string;
  /** Epoch ms, display only. */
  readonly now: number;
}

/** What is true of an item while nobody works on it. */
const IS_TODO = '#state = :todo';

/** Rule R6, one transmission: takes the item if it is still to do. */
async function sendClaim(db: Db, request: ClaimRequest): Promise<WriteAnswer> {
  const place = lockedPlace(request, request.workerId, db.shards);
  return await guarded(db, 'UpdateItem', () =>
    db.once.send(
      new UpdateCommand({
        TableName: db.table,
        Key: itemKey(request.itemId),
        UpdateExpression:
          'SET #state = :locked, workerId = :worker, claimNonce = :nonce, claimedAt = :now, ' +
          'stateKey = :stateKey, stateOrder = :stateOrder ADD fence :one',
        ConditionExpression: IS_TODO,
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':todo': 'todo',
          ':locked': 'locked',
          ':worker': request.workerId,
          ':nonce': request.nonce,
          ':now': request.now,
          ':one': 1,
          ':stateKey': place.stateKey,
          ':stateOrder': place.stateOrder,
        },
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
}

function claimedFrom(raw: Raw): Claimed {
  const earlierRun = raw['lastRun'] as StoredRun | undefined;
  return { item: itemOf(raw), ...(earlierRun === undefined ? {} : { earlierRun }) };
}

/** Rule R6. An answer that stays ambiguous is repeated with the same nonce; finding that nonce in the record is success. */
export async function claimItem(db: Db, request: ClaimRequest, tries = 3): Promise<ClaimAnswer> {
  let message = '';
  for (let attempt = 0; attempt < tries; attempt++) {
    // After one without an answer, a repeat that fails outright does not tell what became of the first.
    const sent = sendClaim(db, request);
    const answer = await (attempt === 0 ? sent : sent.catch(unknownAfter));
    if (answer.kind === 'applied') return { kind: 'claimed', claim: claimedFrom(answer.record) };
    if (answer.kind === 'refused') {
      // The first transmission's refusal is definite; a later one may be the echo of an earlier success.
      if (attempt === 0) return { kind: 'conflict' };
      const found = await resolveClaim(db, request).catch(unknownAfter);
      return found.kind === 'conflict' ? { kind: 'conflict', late: true } : found;
    }
    message = answer.message;
  }
  return { kind: 'unknown', message };
}

/** The claim may stand: that the table cannot be read at this moment must not hide it. */
function unknownAfter(error: unknown): { readonly kind: 'unknown'; readonly message: string } {
  if (error instanceof AnamoError) return { kind: 'unknown', message: error.message };
  throw error;
}

/** Reads, strongly consistent, whether a claim without an answer stands. `conflict`: it does not, at this moment. */
export async function resolveClaim(db: Db, request: Pick<ClaimRequest, 'itemId' | 'nonce'>): Promise<ClaimAnswer> {
  const raw = await readRaw(db, request.itemId);
  const mine = raw !== undefined && raw['state'] === 'locked' && raw['claimNonce'] === request.nonce;
  return mine ? { kind: 'claimed', claim: claimedFrom(raw) } : { kind: 'conflict' };
}

/** An item's own record by a strongly consistent read. */
export async function readRaw(db: Db, itemId: string): Promise<Raw | undefined> {
  const command = new GetCommand({ TableName: db.table, Key: itemKey(itemId), ConsistentRead: true });
  return (await asked(db, 'GetItem', () => db.patient.send(command))).Item;
}
