import type { Item, RunRecord } from '../domain/item.ts';
import type { RunReport } from '../domain/log-ref.ts';
import type { Settlement } from '../domain/settle.ts';
import type { FromItem, ItemEnd, ItemWork, ToItem } from '../domain/work.ts';

/** An item that may be claimable, as an index shows it. */
export interface Candidate {
  readonly itemId: string;
  readonly step: string;
  readonly stateOrder: string;
}

export interface Claimed {
  readonly item: Item;
}

export type ClaimAnswer =
  | { readonly kind: 'claimed'; readonly claim: Claimed }
  /** `late`: an earlier transmission of the claim may still arrive. */
  | { readonly kind: 'conflict'; readonly late?: true }
  | { readonly kind: 'unknown'; readonly message: string };

export type EndAnswer = 'committed' | 'fenced' | { readonly unknown: string };

export interface Ending {
  readonly claimed: Claimed;
  readonly settlement: Settlement;
  readonly run: RunRecord;
}

/** What the worker asks of the table. Each may throw an AnamoError. */
export interface StorePort {
  readonly shards: number;
  /** Steps of the table that are not paused. */
  activeSteps(): Promise<readonly string[]>;
  readTodo(
    partition: { step: string; shard: number },
    after: string | undefined,
    limit: number,
  ): Promise<readonly Candidate[]>;
  claim(candidate: Candidate, nonce: string): Promise<ClaimAnswer>;
  resolveClaim(candidate: Candidate, nonce: string): Promise<ClaimAnswer>;
  listNestedToRun(item: Item): Promise<readonly { index: number; arg: string }[]>;
  endNested(item: Item, index: number, report: RunReport): Promise<EndAnswer>;
  end(ending: Ending): Promise<EndAnswer>;
  readWake(): Promise<number>;
  bumpWake(): Promise<void>;
  promoteDue(step: string, shard: number): Promise<readonly string[]>;
  nextDue(step: string, shard: number): Promise<number | undefined>;
  /** Epoch ms by the table's clock, for due times. */
  serverNow(): number;
}

export interface RunningItem {
  stop(reason: 'interrupted' | 'cancelled' | 'lost-lease', graceMs?: number): void;
  readonly ended: Promise<ItemEnd>;
}

/** What the worker asks of the executor. */
export interface ExecutorPort {
  run(work: ItemWork, onMessage: (message: FromItem, reply: (message: ToItem) => void) => void): RunningItem;
  close(): Promise<void>;
}
