/**
 * The life of an item.
 *
 *                  ┌────────── retry / reset (person) ──────────────┐
 *  import ─► todo ◄┴─ waiting (not before …: backoff, schedule)     │
 *    │        │  ▲        ▲                                         │
 *  blocked    │  └ given back: interrupted, lost ─┐                 │
 *  (depends)  ▼                                   │                 │
 *           claim ─► locked ──────────────────────┴─► done | failed ┘
 *  held: put aside by a person (from todo/waiting/blocked/failed), and released again
 */
export const ITEM_STATES = ['todo', 'waiting', 'blocked', 'locked', 'done', 'failed', 'held'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export const NESTED_STATES = ['todo', 'done', 'failed'] as const;
export type NestedState = (typeof NESTED_STATES)[number];

const NEXT = {
  todo: ['locked', 'held'],
  waiting: ['todo', 'held'],
  blocked: ['todo', 'held'],
  locked: ['todo', 'waiting', 'done', 'failed'],
  done: ['todo'],
  failed: ['todo', 'held'],
  held: ['todo', 'waiting', 'blocked'],
} as const satisfies Record<ItemState, readonly ItemState[]>;

/** Whether the design allows an item to go from one state straight to the other. */
export function canBecome(from: ItemState, to: ItemState): boolean {
  return (NEXT[from] as readonly ItemState[]).includes(to);
}

/** An end state is left only when a person asks for it. */
export function isEnd(state: ItemState): boolean {
  return state === 'done' || state === 'failed';
}
