import { causeOf } from '../domain/outcome.ts';
import type { FromItem, ItemEnd, ItemWork } from '../domain/work.ts';
import { reportNotRun } from './not-run.ts';
import { spawnFailed } from './spawn-failure.ts';

type Finished = Extract<FromItem, { type: 'finished' }>;

/** Follows an item from its messages, to know what is left of it when its thread dies (a bug, or no memory left for the heap). */
export interface ItemProgress {
  note(message: FromItem): void;
  /**
   * The tasks that were running have failed with `THREAD_DIED`. With none running the next one has: otherwise an item that kills each
   * thread it comes to would be given back for ever.
   */
  afterDeath(error: unknown): { readonly reports: readonly Finished[]; readonly end: ItemEnd };
}

export function createProgress(work: ItemWork): ItemProgress {
  const createdAt = Date.now();
  const open = new Set(work.nested?.tasks.map((task) => task.index));
  const running = new Set<number>();
  let done = 0;
  let failed = 0;

  function note(message: FromItem): void {
    if (message.nested === undefined) return;
    if (message.type === 'started') {
      running.add(message.nested);
      return;
    }
    running.delete(message.nested);
    open.delete(message.nested);
    if (causeOf(message.report.outcome) === 'ok') done += 1;
    else failed += 1;
  }

  function afterDeath(error: unknown): { reports: Finished[]; end: ItemEnd } {
    const detail = error instanceof Error ? error.message : String(error);
    const report = reportNotRun(spawnFailed('THREAD_DIED', `the supervising thread ended: ${detail}`), createdAt);
    if (work.nested === undefined) return { reports: [], end: { type: 'single', report } };
    const killed = running.size > 0 ? [...running] : [...open].slice(0, 1);
    const reports = killed.map((nested): Finished => ({ type: 'finished', nested, report }));
    for (const message of reports) note(message);
    const counts = { done, failed, unfinished: open.size };
    return { reports, end: { type: 'nested', startedAt: createdAt, endedAt: Date.now(), ...counts } };
  }

  return { note, afterDeath };
}
