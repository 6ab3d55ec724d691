import type { Item, RunRecord } from '../domain/item.ts';
import { causeOf } from '../domain/outcome.ts';
import type { LogRef } from '../domain/log-ref.ts';
import { bytes, count, plural } from './output.ts';

/** How an item came out, in a few words; empty while there is nothing to say. */
export function outcomeWord(item: Item): string {
  const run = item.lastRun;
  if (run === undefined) return '';
  const cause = causeOf(run.outcome);
  return run.outcome.kind === 'exited' && run.outcome.code !== 0 ? `exit code ${run.outcome.code}` : cause;
}

/** "3/8 done, 1 failed" for an item with nested tasks. */
export function nestedText(item: Item): string {
  if (item.nested === undefined) return '';
  const { total, done, failed } = item.nested;
  return `${count(done)}/${count(total)} done${failed === 0 ? '' : `, ${count(failed)} failed`}`;
}

/** Where a log is and how big it is. */
export function logText(log: LogRef): string {
  if (log.bytes === 0) return 'no output';
  const size = `${plural(log.lines, 'line')}, ${bytes(log.bytes)}`;
  const place = log.sink === 'inline' ? 'in the table' : (log.location ?? 'not stored');
  const fallback = log.fallback === undefined ? '' : ` (not ${log.fallback.from}: ${log.fallback.reason})`;
  return `${size}, ${place}${fallback}`;
}

/** What the machine saw of a run. */
export function usageText(run: Pick<RunRecord, 'usage'>): string {
  if (run.usage === undefined) return 'not sampled (ended too soon)';
  return `${bytes(run.usage.peakMemoryBytes)} at most, ${run.usage.cpuSeconds.toFixed(1)} s of CPU (sampled)`;
}
