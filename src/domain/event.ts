import type { Cause, Outcome } from './outcome.ts';
import type { ItemState } from './state.ts';

/**
 * The worker's one stream of events; logs, the live view, metrics and traces listen to it, the core calls none of them.
 * `at` is wall clock, epoch ms, for display. Durations in ms. Documented in docs/reference/events.md.
 */
export type WorkerEvent = { readonly at: number } & (
  | {
      readonly type: 'worker-started';
      readonly workerId: string;
      readonly table: string;
      readonly slots: number;
      readonly nests: number;
      readonly steps: readonly string[];
    }
  | { readonly type: 'worker-stopping'; readonly workerId: string; readonly reason: StopReason }
  | { readonly type: 'worker-stopped'; readonly workerId: string; readonly summary: RunSummary }
  | {
      readonly type: 'item-claimed';
      readonly step: string;
      readonly itemId: string;
      readonly taskId: string;
      readonly fence: number;
      readonly nestedTotal: number;
      readonly nestedDone: number;
    }
  | { readonly type: 'claim-conflict'; readonly step: string; readonly itemId: string }
  | { readonly type: 'claim-unknown'; readonly step: string; readonly itemId: string; readonly message: string }
  | { readonly type: 'poll-empty' }
  | {
      readonly type: 'child-started';
      readonly step: string;
      readonly itemId: string;
      readonly pid: number;
      readonly nested?: number;
    }
  | {
      readonly type: 'nested-finished';
      readonly step: string;
      readonly itemId: string;
      readonly nested: number;
      readonly cause: Cause;
      readonly outcome: Outcome;
      readonly durationMs: number;
    }
  | {
      readonly type: 'item-finished';
      readonly step: string;
      readonly itemId: string;
      readonly state: ItemState;
      readonly cause: Cause;
      readonly outcome: Outcome;
      readonly durationMs: number;
    }
  | { readonly type: 'item-fenced'; readonly step: string; readonly itemId: string; readonly fence: number }
  | { readonly type: 'item-promoted'; readonly step: string; readonly itemId: string }
  | { readonly type: 'store-trouble'; readonly operation: string; readonly message: string; readonly retryInMs: number }
);

export type StopReason = 'idle' | 'sigint' | 'sigterm' | 'wall-time' | 'requested' | 'fenced' | 'error';

/** What a worker did, printed when it ends. */
export interface RunSummary {
  readonly done: number;
  readonly failed: number;
  readonly retried: number;
  readonly givenBack: number;
  readonly fenced: number;
  readonly nestedDone: number;
  readonly nestedFailed: number;
  readonly reason: StopReason;
}
