/** Where the output of one run is, and what is kept of it beside the record. */
export interface LogRef {
  /** Bytes and lines that the command wrote, both streams together, in arrival order. */
  readonly bytes: number;
  readonly lines: number;
  readonly sink: 'none' | 'inline' | 'cloudwatch' | 's3' | 'file';
  /** The whole output, when sink is `inline`. */
  readonly inline?: Uint8Array;
  /** URI of the stored log, when it is elsewhere (`file:///…`, `s3://…`, `cloudwatch://…`). */
  readonly location?: string;
  /** The end of stderr, at most 2,048 bytes. Bytes, because output need not be UTF-8. */
  readonly stderrTail: Uint8Array;
  /** Lines that began with `anamo:<TAB>` or `PyAnamo:<TAB>`, without that mark; at most 2,048 bytes in all. */
  readonly results: readonly string[];
  /** Why the sink that the size asked for was not taken. */
  readonly fallback?: { readonly from: string; readonly reason: string };
}

/** What names a log outside the table; everything outside carries gen and fence. `nested` is absent for an item's own log. */
export interface LogKey {
  readonly table: string;
  readonly step: string;
  readonly itemId: string;
  readonly nested?: number;
  readonly gen: string;
  readonly fence: number;
}

/** Usage sampled from /proc while the command ran; absent for one that ended before the first sample. */
export interface Usage {
  readonly peakMemoryBytes: number;
  readonly cpuSeconds: number;
  readonly sampled: true;
}

/** One finished run of one command. Times are wall clock, epoch ms, for display only. */
export interface RunReport {
  readonly outcome: import('./outcome.ts').Outcome;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly log: LogRef;
  readonly usage?: Usage;
}
