import type { Dynamo } from '../aws/dynamo.ts';
import { isConditionFailed, isUnanswered, toAnamoError } from '../aws/errors.ts';

/** An opened table: how to reach it, and what its own record says. */
export interface Db extends Dynamo {
  readonly shards: number;
}

/** What is known after one conditional write. `record`: the item as it stands, where the service sends it along. */
export type WriteAnswer =
  | { readonly kind: 'applied'; readonly record: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly record?: Readonly<Record<string, unknown>> }
  | { readonly kind: 'unknown'; readonly message: string };

/** Runs one conditional write that is sent exactly once, and tells its three ends apart; anything else throws an AnamoError. */
export async function guarded(
  db: Dynamo,
  operation: string,
  send: () => Promise<{ Attributes?: Record<string, unknown> | undefined }>,
): Promise<WriteAnswer> {
  try {
    const answer = await send();
    return { kind: 'applied', record: answer.Attributes ?? {} };
  } catch (error) {
    if (isConditionFailed(error)) return { kind: 'refused' };
    if (isUnanswered(error)) return { kind: 'unknown', message: toAnamoError(error, db.place(operation)).message };
    throw toAnamoError(error, db.place(operation));
  }
}

/** Runs a request whose failure is the caller's failure. */
export async function asked<T>(db: Dynamo, operation: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw toAnamoError(error, db.place(operation));
  }
}

/** Runs tasks over a list with a bound on how many are under way. */
export async function eachBounded<T>(
  list: Iterable<T>,
  bound: number,
  task: (value: T) => Promise<void>,
): Promise<void> {
  const iterator = list[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await task(next.value);
  };
  await Promise.all(Array.from({ length: bound }, lane));
}
