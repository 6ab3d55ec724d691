/** Names of the table's keys and indexes, and the schema's version. Only this folder knows attribute names. */
export const SCHEMA_VERSION = 1;
export const BY_STATE = 'byState';
export const BY_TASK = 'byTask';
export const DEFAULT_SHARDS = 8;
/** Attribute that DynamoDB's time to live reads (epoch seconds): records of workers that are gone. */
export const TTL_ATTRIBUTE = 'expiresAt';

export const ITEM_SK = 'item';
export const TABLE_KEY = { pk: 'table', sk: 'table' } as const;
export const FLEET_KEY = { pk: 'table', sk: 'fleet' } as const;
export const RING_KEY = { pk: 'table', sk: 'ring' } as const;

export function itemPk(itemId: string): string {
  return `item#${itemId}`;
}
export function itemKey(itemId: string): { pk: string; sk: string } {
  return { pk: itemPk(itemId), sk: ITEM_SK };
}
export function itemIdOf(pk: string): string {
  return pk.slice('item#'.length);
}
/** Begins the sort key of every nested task, of whatever gen; ids of gens hold letters and digits only. */
export const ANY_NESTED = 'task#';
export function nestedPrefix(gen: string): string {
  return `${ANY_NESTED}${gen}#`;
}
export function nestedKey(itemId: string, gen: string, index: number): { pk: string; sk: string } {
  return { pk: itemPk(itemId), sk: `${nestedPrefix(gen)}${String(index).padStart(6, '0')}` };
}
export function outKey(itemId: string, gen: string, fence: number, nested?: number): { pk: string; sk: string } {
  const tail = nested === undefined ? '' : `#${nested}`;
  return { pk: itemPk(itemId), sk: `out#${gen}#${fence}${tail}` };
}
export function attemptPrefix(gen: string): string {
  return `attempt#${gen}#`;
}
export function attemptKey(itemId: string, gen: string, fence: number): { pk: string; sk: string } {
  return { pk: itemPk(itemId), sk: `${attemptPrefix(gen)}${String(fence).padStart(8, '0')}` };
}
export function stepKey(step: string): { pk: string; sk: string } {
  return { pk: 'table', sk: `step#${step}` };
}
export function workerKey(workerId: string, shard: number): { pk: string; sk: string } {
  return { pk: `worker#${shard}`, sk: workerId };
}
export function goneKey(workerId: string, shard: number): { pk: string; sk: string } {
  return { pk: `gone#${shard}`, sk: workerId };
}
