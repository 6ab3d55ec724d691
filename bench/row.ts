/** Lines that a bench prints on stdout, as JSON, for run.ts. */
export type Line = Row | Skip;

export interface Row {
  /** Rows of one group stand together and can be compared. */
  readonly group: string;
  readonly what: string;
  readonly value: number;
  readonly unit: Unit;
  /** The target, when there is one: the value should not be above it. */
  readonly atMost?: number;
}

export type Unit = '/s' | '%' | 'MB' | 's' | 'ms' | 'requests' | 'write units' | 'read units';

/** What this machine cannot measure, and why. */
export interface Skip {
  readonly group: string;
  readonly what: string;
  readonly skipped: string;
}

/** With BENCH_QUICK=1 all sizes are a tenth: to see that everything runs, not for numbers to be believed. */
export const QUICK = (process.env['BENCH_QUICK'] ?? '') !== '';

export function sized(n: number): number {
  return QUICK ? Math.ceil(n / 10) : n;
}

export function print(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
