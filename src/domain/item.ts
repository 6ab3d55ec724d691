import type { LogRef, RunReport, Usage } from './log-ref.ts';
import type { Outcome } from './outcome.ts';
import type { ItemState, NestedState } from './state.ts';

/** What one line of an import file asks for. Durations in ms, `notBefore` in epoch ms. */
export interface ItemSpec {
  readonly itemId: string;
  readonly step: string;
  readonly taskId: string;
  readonly script: string;
  /** -999 … 999, higher is claimed first; 0 when not given. */
  readonly priority: number;
  /** Failed attempts until the item is `failed`; 1 when not given: no retry unless asked. */
  readonly maxAttempts: number;
  readonly timeoutMs?: number;
  readonly silentTimeoutMs?: number;
  readonly notBefore?: number;
  readonly shell: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Present for an item with nested tasks: one argument each. */
  readonly nestedArgs?: readonly string[];
  readonly nestedMode: NestedMode;
}

export type NestedMode = 'parallel' | 'sequence';

export interface NestedCounts {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
}

/** An item as the table holds it. */
export interface Item extends Omit<ItemSpec, 'nestedArgs'> {
  /** Random id of this import of the item. */
  readonly gen: string;
  readonly state: ItemState;
  /** +1 at every claim, never less. */
  readonly fence: number;
  readonly endedFence: number;
  readonly workerId?: string;
  readonly claimNonce?: string;
  readonly attempts: number;
  readonly lost: number;
  readonly interrupted: number;
  readonly nested?: NestedCounts;
  readonly lastRun?: RunRecord;
  /** Display only, epoch ms. */
  readonly importedAt: number;
  readonly claimedAt?: number;
  readonly endedAt?: number;
}

/** A run as the table keeps it: the report, and who made it. */
export interface RunRecord extends RunReport {
  readonly fence: number;
  readonly workerId: string;
  readonly host: string;
  readonly codeVersion?: string;
}

export interface NestedTask {
  /** Its place: `Task_<index>`. */
  readonly index: number;
  readonly arg: string;
  readonly state: NestedState;
  /** Fence of the attempt that wrote it; 0 when none did. */
  readonly fence: number;
  readonly outcome?: Outcome;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly log?: LogRef;
  readonly usage?: Usage;
}

export function nestedName(index: number): string {
  return `Task_${index}`;
}
