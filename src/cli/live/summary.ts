import type { RunSummary } from '../../domain/event.ts';
import { STOP_WORDS } from './render.ts';

/** What a worker did, as a small table in plain text; rows of rare things only when there were any. */
export function summaryLines(summary: RunSummary): string[] {
  const nested = summary.nestedDone + summary.nestedFailed > 0;
  const rows: readonly (readonly [string, number, boolean])[] = [
    ['items done', summary.done, true],
    ['items failed', summary.failed, true],
    ['failed, to be tried again', summary.retried, summary.retried > 0],
    ['items given back', summary.givenBack, summary.givenBack > 0],
    ['refused: taken over by another worker', summary.fenced, summary.fenced > 0],
    ['nested tasks done', summary.nestedDone, nested],
    ['nested tasks failed', summary.nestedFailed, nested],
  ];
  const shown = rows.filter(([, , show]) => show);
  const labels = Math.max(...shown.map(([label]) => label.length));
  const numbers = Math.max(...shown.map(([, count]) => String(count).length));
  const lines = shown.map(([label, count]) => `${label.padEnd(labels)}  ${String(count).padStart(numbers)}`);
  return [...lines, `ended: ${STOP_WORDS[summary.reason]}`];
}
