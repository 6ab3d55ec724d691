/**
 * Finding work without stampedes (DESIGN section 5). All partitions of the steps, one after the other, form a ring. Each
 * worker starts at a place of its own (golden-ratio steps of its number), walks forward in pages, keeps the page, and on
 * a conflict drops it and jumps to a random place.
 */
import { todoOrder } from '../domain/place.ts';
import type { Candidate, StorePort } from './ports.ts';

const PAGE = 25;
/** An item that was just tried may stand in the lagging index for a moment: it is passed over. */
const TRIED_FOR_MS = 5000;
const TRIED_AT_MOST = 4096;
/** A page is read anew after this time, so that a new item of high priority does not wait for the page to end. */
const PAGE_AGE_MS = 60_000;
const GOLDEN = 0.618_033_988_749_894_9;

export interface Finder {
  /** The next candidates in walking order, at most `wanted`; none when a whole round of the ring found nothing. */
  take(wanted: number): Promise<readonly Candidate[]>;
  /** After a conflict: somebody else walks here, so go on at a random place. */
  jump(): void;
  setSteps(steps: readonly string[]): void;
}

export interface FinderOptions {
  readonly store: Pick<StorePort, 'readTodo' | 'shards'>;
  /** The worker's number from its registration. */
  readonly number: number;
  readonly random: () => number;
  readonly mono: () => number;
}

interface Partition {
  readonly step: string;
  readonly shard: number;
}

export function createFinder(options: FinderOptions): Finder {
  const { store, random, mono } = options;
  let ring: Partition[] = [];
  let at = 0;
  let cursor = '';
  let page: Candidate[] = [];
  let pageAt = 0;
  const tried = new Map<string, number>();

  function isFresh(candidate: Candidate): boolean {
    const triedAt = tried.get(candidate.itemId);
    return triedAt === undefined || mono() - triedAt > TRIED_FOR_MS;
  }

  function remember(candidates: readonly Candidate[]): void {
    for (const { itemId } of candidates) {
      tried.delete(itemId);
      tried.set(itemId, mono());
    }
    for (const [itemId, triedAt] of tried) {
      if (tried.size <= TRIED_AT_MOST && mono() - triedAt <= TRIED_FOR_MS) break;
      tried.delete(itemId);
    }
  }

  function goTo(fraction: number): void {
    const x = fraction * ring.length;
    at = Math.min(Math.floor(x), Math.max(0, ring.length - 1));
    cursor = Math.floor((x - at) * 0xffffffff)
      .toString(16)
      .padStart(8, '0');
    page = [];
  }

  function setSteps(steps: readonly string[]): void {
    const before = ring.map((p) => p.step).join('|');
    ring = steps.flatMap((step) => Array.from({ length: store.shards }, (_, shard) => ({ step, shard })));
    if (before !== ring.map((p) => p.step).join('|')) goTo((options.number * GOLDEN) % 1);
  }

  async function take(wanted: number): Promise<readonly Candidate[]> {
    if (page.length > 0 && mono() - pageAt > PAGE_AGE_MS) page = [];
    for (let round = 0; page.length === 0 && round < ring.length; round++) {
      const partition = ring[at];
      if (partition === undefined) return [];
      page = (await readFrom(store, partition, cursor)).filter(isFresh);
      pageAt = mono();
      if (page.length === 0) {
        at = (at + 1) % ring.length;
        cursor = '';
      }
    }
    const taken = page.splice(0, wanted);
    const last = taken.at(-1);
    if (last !== undefined) cursor = todoOrder(last.stateOrder).hash;
    remember(taken);
    return taken;
  }

  return { take, jump: () => goTo(random()), setSteps };
}

/** Reads the head of the partition, which tells its highest priority, then the page behind the cursor within that priority. */
async function readFrom(store: FinderOptions['store'], partition: Partition, cursor: string): Promise<Candidate[]> {
  const head = await store.readTodo(partition, undefined, PAGE);
  const [first] = head;
  if (first === undefined) return [];
  const top = todoOrder(first.stateOrder).priority;
  const urgent = head.filter((c) => todoOrder(c.stateOrder).priority === top);
  if (head.length < PAGE || urgent.length < head.length) return rotate(urgent, cursor);
  if (cursor === '') return urgent;
  const page = await store.readTodo(partition, `${top}|${cursor}|\uffff`, PAGE);
  const behind = page.filter((c) => todoOrder(c.stateOrder).priority === top);
  return behind.length > 0 ? behind : urgent;
}

/** The whole of a small partition, from just behind the cursor round to it. */
function rotate(candidates: readonly Candidate[], cursor: string): Candidate[] {
  const from = candidates.findIndex((c) => todoOrder(c.stateOrder).hash > cursor);
  return from <= 0 ? [...candidates] : [...candidates.slice(from), ...candidates.slice(0, from)];
}
