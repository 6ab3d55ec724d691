/**
 * Where an item stands in the index `byState`: hash `<step>|<state>|<shard>`, range by state (DESIGN section 4).
 * Every range ends in `|s` (single) or `|0`…`|5` (nested, with its class of progress), so that progress of a whole
 * step can be counted from index keys alone.
 */
import type { ItemState } from './state.ts';
import { MAX_ABS_PRIORITY } from './limits.ts';
import type { NestedCounts } from './item.ts';

export const PROGRESS_CLASSES = ['0', '1-25', '26-50', '51-75', '76-99', '100'] as const;
export type ProgressClass = (typeof PROGRESS_CLASSES)[number];

/** 32 bits, spread evenly (FNV-1a over UTF-16 units, then a finalizer). `seed` gives independent hashes of the same text. */
export function hash32(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b) >>> 0;
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) >>> 0;
  return (h ^ (h >>> 16)) >>> 0;
}

export function shardOf(itemId: string, shards: number): number {
  return hash32(itemId, 1) % shards;
}

/** Eight hex digits: the item's place on the ring inside its partition. */
export function ringHash(itemId: string): string {
  return hash32(itemId, 2).toString(16).padStart(8, '0');
}

export function partitionKey(step: string, state: ItemState, shard: number): string {
  return `${step}|${state}|${shard}`;
}

/** Higher priorities sort first. */
export function priorityKey(priority: number): string {
  return String(MAX_ABS_PRIORITY - priority).padStart(4, '0');
}

/** 14 digits reach to the year 5138; a later "never" counts as that. */
const LAST_TIME_MS = 99_999_999_999_999;

function timeKey(ms: number): string {
  return String(Math.min(LAST_TIME_MS, Math.max(0, Math.trunc(ms)))).padStart(14, '0');
}

export function progressClass(counts: Pick<NestedCounts, 'total' | 'done'>): 0 | 1 | 2 | 3 | 4 | 5 {
  if (counts.total === 0 || counts.done >= counts.total) return 5;
  if (counts.done <= 0) return 0;
  const percent = (counts.done / counts.total) * 100;
  if (percent <= 25) return 1;
  if (percent <= 50) return 2;
  return percent <= 75 ? 3 : 4;
}

export type Standing =
  | { readonly state: 'todo'; readonly priority: number }
  | { readonly state: 'waiting'; readonly dueAt: number }
  | { readonly state: 'locked'; readonly workerId: string }
  | { readonly state: 'done' | 'failed'; readonly endedAt: number }
  | { readonly state: 'held' | 'blocked' };

export interface Place {
  readonly stateKey: string;
  readonly stateOrder: string;
}

export interface PlacedItem {
  readonly itemId: string;
  readonly step: string;
  readonly nested?: NestedCounts | undefined;
}

/** Hash and range of the index entry of an item in a state. */
export function placeOf(item: PlacedItem, standing: Standing, shards: number): Place {
  const suffix = item.nested === undefined ? 's' : String(progressClass(item.nested));
  return {
    stateKey: partitionKey(item.step, standing.state, shardOf(item.itemId, shards)),
    stateOrder: `${orderPrefix(item.itemId, standing)}${item.itemId}|${suffix}`,
  };
}

/** The place of a claimed item, whose class of progress is known only from the index entry that was found. */
export function lockedPlace(
  found: { itemId: string; step: string; stateOrder: string },
  workerId: string,
  shards: number,
): Place {
  return {
    stateKey: partitionKey(found.step, 'locked', shardOf(found.itemId, shards)),
    stateOrder: `${workerId}|${found.itemId}|${found.stateOrder.at(-1) ?? 's'}`,
  };
}

function orderPrefix(itemId: string, standing: Standing): string {
  switch (standing.state) {
    case 'todo':
      return `${priorityKey(standing.priority)}|${ringHash(itemId)}|`;
    case 'waiting':
      return `${timeKey(standing.dueAt)}|`;
    case 'locked':
      return `${standing.workerId}|`;
    case 'done':
    case 'failed':
      return `${timeKey(standing.endedAt)}|`;
    case 'held':
    case 'blocked':
      return '';
    default:
      throw new TypeError(`unknown standing: ${JSON.stringify(standing satisfies never)}`);
  }
}

/** The part of a waiting item's range below which everything is due at `now`. */
export function dueBefore(now: number): string {
  return timeKey(now + 1);
}

export function dueAtOf(stateOrder: string): number {
  return Number(stateOrder.slice(0, 14));
}

/** Class of progress from a range key; undefined for a single item. */
export function progressOf(stateOrder: string): ProgressClass | undefined {
  const last = stateOrder.at(-1) ?? 's';
  return last === 's' ? undefined : PROGRESS_CLASSES[Number(last)];
}

/** Priority part and ring part of a todo item's range. */
export function todoOrder(stateOrder: string): { priority: string; hash: string } {
  return { priority: stateOrder.slice(0, 4), hash: stateOrder.slice(5, 13) };
}
