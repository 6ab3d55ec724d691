import type { LogSettings } from '../domain/work.ts';

/** What a worker is told at its start. Durations in ms. */
export interface WorkerSettings {
  readonly workerId: string;
  readonly table: string;
  readonly host: string;
  readonly codeVersion?: string | undefined;
  /** Only these steps; all of the table when absent. */
  readonly steps?: readonly string[] | undefined;
  readonly slots: number;
  readonly nests: number;
  readonly idleExitMs: number | undefined;
  readonly lingerMs: number;
  readonly wallMs: number | undefined;
  readonly stopTimeoutMs: number;
  readonly graceMs: number;
  readonly cwd: 'worker' | 'scratch';
  readonly scratchRoot: string;
  /** For items that name none. */
  readonly timeoutMs: number | undefined;
  readonly silentTimeoutMs: number | undefined;
  readonly logs: LogSettings;
  /** The worker's place on the ring. */
  readonly number: number;
}
