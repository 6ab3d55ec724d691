import type { WorkerEvent } from '../../domain/event.ts';
import { nestedName } from '../../domain/item.ts';
import { describeOutcome } from '../../domain/outcome.ts';
import { elapsed } from './line.ts';
import type { Paint } from './line.ts';
import { cleanShort, truncate } from './text.ts';

/** The lines that stay: one for each end that a person wants to read, counts for what comes too fast to be read. */
export interface FinishedLines {
  onEvent(event: WorkerEvent): void;
  /** Lines since the last call; `now` in ms. `all` also gives the counts of a second that is not over. */
  take(now: number, all?: boolean): string[];
}

const WINDOW_MS = 1000;
const MAX_GOOD = 10;
const MAX_BAD = 40;
const MAX_DETAIL_COLUMNS = 200;

/** Holds at most 50 lines: 10 good ends and 40 bad ones a second, the rest as two numbers. */
export function createFinishedLines(paint: Paint, startedAt: number): FinishedLines {
  let lines: string[] = [];
  let windowAt = startedAt;
  const shown = { good: 0, bad: 0 };
  const beyond = { good: 0, bad: 0 };

  function add(kind: 'good' | 'bad', limit: number, line: () => string): void {
    if (shown[kind] >= limit) {
      beyond[kind] += 1;
      return;
    }
    shown[kind] += 1;
    lines.push(line());
  }

  function closeWindow(now: number): void {
    if (beyond.good > 0) lines.push(`${paint('green', '✓')} ${beyond.good} more done`);
    if (beyond.bad > 0) lines.push(`${paint('red', '✗')} ${beyond.bad} more not done`);
    windowAt = now;
    for (const kind of ['good', 'bad'] as const) shown[kind] = beyond[kind] = 0;
  }

  return {
    onEvent(event) {
      const good = event.type === 'item-finished' && event.state === 'done';
      if (good) add('good', MAX_GOOD, () => doneLine(event, paint));
      else if (isBadEnd(event)) add('bad', MAX_BAD, () => badLine(event, paint));
    },
    take(now, all = false) {
      if (all || now - windowAt >= WINDOW_MS || now < windowAt) closeWindow(now);
      const taken = lines;
      lines = [];
      return taken;
    },
  };
}

type Finished = Extract<WorkerEvent, { type: 'item-finished' }>;
type BadEnd = Extract<WorkerEvent, { type: 'item-finished' | 'nested-finished' | 'item-fenced' }>;

function isBadEnd(event: WorkerEvent): event is BadEnd {
  if (event.type === 'nested-finished') return event.cause !== 'ok' && event.cause !== 'interrupted';
  return event.type === 'item-finished' || event.type === 'item-fenced';
}

function doneLine(event: Finished, paint: Paint): string {
  return `${paint('green', '✓')} ${name(event)}  ${elapsed(event.durationMs)}`;
}

function badLine(event: BadEnd, paint: Paint): string {
  if (event.type === 'item-fenced') {
    return `${paint('red', '✗')} ${name(event)} fenced: another worker has it by now`;
  }
  const detail = truncate(cleanShort(describeOutcome(event.outcome)), MAX_DETAIL_COLUMNS);
  if (event.type === 'nested-finished') {
    return `${paint('red', '✗')} ${name(event)} ${nestedName(event.nested)} ${event.cause}: ${detail}  ${elapsed(event.durationMs)}`;
  }
  if (event.state === 'todo') return `${paint('yellow', '↩')} ${name(event)} given back: ${detail}`;
  const again = event.state === 'failed' ? '' : ', to be tried again';
  return `${paint('red', '✗')} ${name(event)} ${event.cause}: ${detail}${again}  ${elapsed(event.durationMs)}`;
}

function name(event: { readonly step: string; readonly itemId: string }): string {
  return `${cleanShort(event.step)} ${cleanShort(event.itemId)}`;
}
