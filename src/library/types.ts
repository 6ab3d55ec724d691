import type { WorkerEvent, RunSummary } from '../domain/event.ts';
import type { Item, ItemSpec, NestedTask, RunRecord } from '../domain/item.ts';

import type { ItemState } from '../domain/state.ts';

/** How to reach a table. `local` wins over `endpointUrl`, which wins over AWS itself. */
export interface OpenOptions {
  readonly table: string;
  readonly region?: string;
  readonly endpointUrl?: string;
  /** Folder of the embedded DynamoDB; started when it is not running. */
  readonly local?: string;
  /** What to do when there is no such table; default `fail`. */
  readonly whenMissing?: 'create' | 'fail';
  /** Partitions per step and state of a table that is created; default 8. */
  readonly shards?: number;
}

/** One line of a to-do list: an item, or what is wrong with the line. Lines count from 1. */
export type ImportEntry =
  { readonly line: number; readonly item: ItemSpec } | { readonly line: number; readonly problem: string };

export interface ImportOptions {
  /** Items written at once; default 16. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly onProblem?: (line: number, problem: string) => void;
  readonly signal?: AbortSignal;
}

export interface ImportProgress {
  readonly lines: number;
  readonly imported: number;
  readonly nestedImported: number;
  /** Already in the table: left as they are. */
  readonly skipped: number;
  readonly bad: number;
}

export interface StepStatus {
  readonly step: string;
  readonly paused: boolean;
  readonly states: Readonly<Record<ItemState, number>>;
  readonly total: number;
  /** Items with nested tasks by how many of these are done; absent for a step without any. */
  readonly nested?: NestedProgress;
}

/** Number of items per class of progress. */
export type NestedProgress = Readonly<Record<'0' | '1-25' | '26-50' | '51-75' | '76-99' | '100', number>>;

export interface TableStatus {
  readonly table: string;
  readonly region: string;
  readonly account: string;
  /** Epoch ms. */
  readonly at: number;
  readonly steps: readonly StepStatus[];
  /** A number per state, and their sum. */
  readonly totals: Readonly<Record<ItemState, number>> & { readonly total: number };
  readonly nested?: NestedProgress;
}

export interface ItemFilter {
  readonly states?: readonly ItemState[];
  readonly steps?: readonly string[];
  readonly taskId?: string;
}

/** One item in full: its nested tasks, its earlier attempts, the newest run with its output. */
export interface ItemDetail {
  readonly item: Item;
  readonly nested: readonly NestedTask[];
  /** Earlier attempts of this gen, oldest first; the newest run is `item.lastRun`. */
  readonly attempts: readonly RunRecord[];
}

export interface WorkerOptions {
  readonly steps?: readonly string[];
  readonly slots: number;
  readonly nests: number;
  /** Leave when nothing was claimable for so long; absent: stay. */
  readonly idleExitMs?: number;
  /** While leaving, wait for items that fall due within this time. */
  readonly lingerMs?: number;
  /** Start nothing that is not expected to end before this, and give back the rest. */
  readonly wallMs?: number;
  readonly stopTimeoutMs?: number;
  readonly graceMs: number;
  readonly cwd: 'worker' | 'scratch';
  /** Folder for spool and scratch files. */
  readonly spoolDir: string;
  readonly inlineBytes: number;
  /** `file:<dir>` or a bucket name, for logs above inlineBytes. */
  readonly bucket?: string;
  /** Folder for logs above inlineBytes when there is no bucket, or its sink cannot take them. */
  readonly logDir: string;
  readonly timeoutMs?: number;
  readonly silentTimeoutMs?: number;
  readonly codeVersion?: string;
}

export interface WorkerHandle {
  readonly workerId: string;
  /** Resolves when the worker has ended and closed its record. */
  readonly ended: Promise<RunSummary>;
  /** Gives running items back within `withinMs`; a second call ends the children at once. */
  stop(reason: 'sigint' | 'sigterm' | 'requested', withinMs?: number): void;
}

/** The typed entry on which every command stands. */
export interface Table {
  readonly name: string;
  readonly region: string;
  /** AWS account of the table, `000000000000` for an embedded one. */
  readonly account: string;
  readonly endpoint: string | undefined;
  /** Whether this call created it. */
  readonly created: boolean;
  import(entries: AsyncIterable<ImportEntry>, options?: ImportOptions): Promise<ImportProgress>;
  status(options?: { steps?: readonly string[] }): Promise<TableStatus>;
  /** Items by filter, streamed, each read in full. */
  items(filter?: ItemFilter): AsyncIterable<Item>;
  show(itemId: string): Promise<ItemDetail>;
  /** Registers a worker and starts claiming. */
  startWorker(options: WorkerOptions, onEvent: (event: WorkerEvent) => void): Promise<WorkerHandle>;
  close(): Promise<void>;
}
