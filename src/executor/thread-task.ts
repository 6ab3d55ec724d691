import type { MessagePort } from 'node:worker_threads';

import type { FromItem, ItemEnd, ItemWork, ToItem } from '../domain/work.ts';

/** What the pool hands to a thread for one item. */
export interface ThreadTask {
  readonly work: ItemWork;
  /** Begins the names of its scratch folders and spool files; no other item of this or another worker has it. */
  readonly name: string;
  /** The item's own line to the main thread. */
  readonly port: MessagePort;
  /** Shared memory: the process in each place, 0 for none. The pool ends these when the thread dies. */
  readonly pids: Int32Array;
  /** How many processes the thread may use to run commands. */
  readonly runnerLimit: number;
}

/**
 * What goes over the item's line. `alive` comes first, so that the pool can tell a thread that failed to start; `end` comes last, on
 * the same line as all before it, so that nothing overtakes.
 */
export type FromThread = FromItem | { readonly type: 'alive' } | { readonly type: 'end'; readonly end: ItemEnd };
export type ToThread = ToItem;
