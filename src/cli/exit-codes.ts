import type { RunSummary } from '../domain/event.ts';

/** What the shell, AWS Batch and scripts see. 130 is never among them: Batch retries 75 and nothing else. */
export const EXIT = {
  fine: 0,
  internal: 1,
  usage: 2,
  failedItems: 3,
  givenBack: 75,
} as const;

/** The exit code of a worker by what it did; failed items count only with `--strict`. */
export function exitCodeOf(summary: RunSummary, strict: boolean): number {
  if (summary.givenBack > 0 || summary.fenced > 0 || summary.reason === 'fenced') return EXIT.givenBack;
  return strict && summary.failed > 0 ? EXIT.failedItems : EXIT.fine;
}
