import type { RunReport } from './log-ref.ts';
import type { NestedMode } from './item.ts';

/**
 * What the worker hands to the executor for one claimed item, and what comes back. Plain data: it crosses a thread boundary.
 * Durations in ms.
 */
export interface ItemWork {
  readonly table: string;
  readonly step: string;
  readonly itemId: string;
  readonly taskId: string;
  readonly gen: string;
  readonly fence: number;
  /** 1 for the first attempt since the last reset. */
  readonly attempt: number;
  readonly workerId: string;
  readonly script: string;
  readonly shell: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly silentTimeoutMs?: number;
  /** Between TERM and KILL. */
  readonly graceMs: number;
  /** `worker`: the worker's own folder; `scratch`: a fresh folder, removed afterwards. */
  readonly cwd: 'worker' | 'scratch';
  readonly scratchRoot: string;
  readonly traceparent?: string;
  /** Absent for a single item. Only the tasks that still have to run. */
  readonly nested?: {
    readonly mode: NestedMode;
    readonly parallel: number;
    readonly tasks: readonly { readonly index: number; readonly arg: string }[];
  };
  readonly logs: LogSettings;
}

export interface LogSettings {
  /** Folder for spool files, on local disk. */
  readonly spoolDir: string;
  /** Output up to this many bytes stays in the record. */
  readonly inlineBytes: number;
  /** Root of the file sink, when logs go to `file:<dir>`. */
  readonly fileDir?: string;
  /** Where big logs were asked to go although no sink for it exists, to be said in the record. */
  readonly unavailable?: { readonly sink: string; readonly reason: string };
}

/** From the item's thread to the worker. `finished` is answered with `committed`, so that unanswered reports stay bounded. */
export type FromItem =
  | { readonly type: 'started'; readonly pid: number; readonly nested?: number }
  | { readonly type: 'finished'; readonly nested: number; readonly report: RunReport };

/** From the worker to the item's thread. The first stop wins. */
export type ToItem =
  | { readonly type: 'stop'; readonly reason: 'interrupted' | 'cancelled' | 'lost-lease'; readonly graceMs?: number }
  | { readonly type: 'committed'; readonly nested: number };

/** The end of an item's thread: a single item's report, or how its nested tasks came out in this run. */
export type ItemEnd =
  | { readonly type: 'single'; readonly report: RunReport }
  | {
      readonly type: 'nested';
      readonly startedAt: number;
      readonly endedAt: number;
      readonly done: number;
      readonly failed: number;
      readonly unfinished: number;
      /** Why unfinished ones were left, when the run was stopped from outside. */
      readonly stopped?: 'interrupted' | 'cancelled' | 'lost-lease' | 'out-of-memory';
    };
