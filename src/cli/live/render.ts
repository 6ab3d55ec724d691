import type { StopReason } from '../../domain/event.ts';
import { bar, elapsed, joinLine, plain } from './line.ts';
import type { Paint, Segment } from './line.ts';
import { perMinute } from './rate.ts';
import type { LiveState, RunningItem, StepCounts } from './state.ts';
import { displayWidth, fit } from './text.ts';

const MAX_STEP_COLUMNS = 24;
const MAX_ITEM_COLUMNS = 48;
const MIN_ITEM_COLUMNS = 12;
const ROOMY_HEIGHT = 12;
/** Columns that a line of a running item needs beside its names. */
const ITEM_EXTRAS = 48;

/** Why a worker ends, in words. */
export const STOP_WORDS = {
  idle: 'nothing left to claim',
  sigint: 'Ctrl-C',
  sigterm: 'told to stop (SIGTERM)',
  'wall-time': 'wall time is over',
  requested: 'asked to stop',
  fenced: 'lost its lease',
  error: 'an error of its own',
} as const satisfies Record<StopReason, string>;

/**
 * The live area as lines, each narrower than `width`. At most `height - 1` of them, because the cursor needs the line below; on a
 * terminal of some height a quarter stays free for the lines that are printed above.
 * `now`: epoch ms, on the clock of the events.
 */
export function render(state: LiveState, width: number, height: number, now: number, paint: Paint = plain): string[] {
  const columns = Math.max(0, width - 1);
  const room = Math.max(0, height >= ROOMY_HEIGHT ? Math.floor(height * 0.75) : height - 1);
  const lines: Segment[][] = [headerLine(state, now)];
  if (state.trouble !== undefined && now < state.trouble.until) lines.push([['yellow', `! ${state.trouble.text}`]]);
  const left = Math.max(0, room - lines.length);
  const stepRoom = Math.min(state.steps.size, Math.max(left - state.running.size, Math.ceil(left / 2)));
  const stepColumns = stepColumnsFor(state, columns);
  lines.push(...stepLines(state, stepRoom, stepColumns, columns, now));
  lines.push(...itemLines(state, left - stepRoom, stepColumns, columns, now));
  return lines.slice(0, room).map((segments) => joinLine(segments, columns, paint));
}

function headerLine(state: LiveState, now: number): Segment[] {
  const { worker, stopping } = state;
  const line: Segment[] = [['bold', 'anamo'], ' '];
  if (worker !== undefined) {
    line.push(`${worker.table}  worker ${fit(worker.workerId, Math.min(8, displayWidth(worker.workerId)))}  `);
    line.push(`${state.running.size}/${worker.slots} slots  `);
  }
  line.push(elapsed(now - state.startedAt));
  if (stopping !== undefined) line.push('  ', ['yellow', `stopping: ${STOP_WORDS[stopping]}`]);
  return line;
}

function stepColumnsFor(state: LiveState, columns: number): number {
  let widest = 0;
  for (const step of state.steps.values()) widest = Math.max(widest, displayWidth(step.label));
  return Math.min(widest, MAX_STEP_COLUMNS, Math.floor(columns / 4));
}

function stepLines(state: LiveState, room: number, stepColumns: number, columns: number, now: number): Segment[][] {
  const steps = [...state.steps.values()];
  // With more steps than room, those in which this worker is busy are the ones to see.
  if (steps.length > room) steps.sort((a, b) => b.running - a.running);
  return shorten(steps, room, ' more steps', (step) => stepLine(step, stepColumns, columns, now));
}

function stepLine(step: StepCounts, stepColumns: number, columns: number, now: number): Segment[] {
  const counts = shownCounts(step);
  const line: Segment[] = [['cyan', fit(step.label, stepColumns)], ' '];
  const barColumns = columns >= 110 ? 20 : columns >= 60 ? 10 : 0;
  const bars = bar(counts.done, counts.failed, counts.total, barColumns);
  if (bars.length > 0) line.push(...bars, ' ');
  const ended = counts.done + counts.failed;
  if (counts.total > 0) line.push(`${ended}/${counts.total}  `);
  line.push(`${counts.done} done  `, counts.failed > 0 ? ['red', `${counts.failed} failed  `] : '0 failed  ');
  line.push(rateText(perMinute(step.rate, now)), `  ${counts.running} running`);
  if (counts.total > 0) line.push(`  ${counts.todo} todo`);
  if (counts.waiting > 0) line.push(`  ${counts.waiting} waiting`);
  if (step.givenBack > 0) line.push(`  ${step.givenBack} given back`);
  if (step.retried > 0) line.push(`  ${step.retried} to retry`);
  if (step.fenced > 0) line.push('  ', ['red', `${step.fenced} fenced`]);
  return line;
}

interface ShownCounts {
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly todo: number;
  readonly waiting: number;
  /** 0 when the table was not asked. */
  readonly total: number;
}

/** The whole step as the table counted it plus what this worker did since; without a count, this worker's own. */
function shownCounts(step: StepCounts): ShownCounts {
  const { table } = step;
  if (table === undefined) {
    return { done: step.done, failed: step.failed, running: step.running, todo: 0, waiting: 0, total: 0 };
  }
  const { states, total, own } = table;
  const done = Math.min(total, states.done + step.done - own.done);
  const failed = Math.min(total - done, states.failed + step.failed - own.failed);
  const running = atLeastZero(Math.min(total - done - failed, states.locked + step.running - own.running));
  const aside = states.waiting + states.blocked + states.held;
  const todo = atLeastZero(total - done - failed - running - aside);
  return { done, failed, running, todo, waiting: states.waiting, total };
}

function rateText(rate: number): string {
  return `${rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate)}/min`;
}

function itemLines(state: LiveState, room: number, stepColumns: number, columns: number, now: number): Segment[][] {
  const shown = [...state.running.values()].slice(0, Math.max(0, room));
  const widest = shown.reduce((width, item) => Math.max(width, displayWidth(item.label)), MIN_ITEM_COLUMNS);
  const forName = Math.max(MIN_ITEM_COLUMNS, columns - stepColumns - ITEM_EXTRAS);
  const itemColumns = Math.min(widest, MAX_ITEM_COLUMNS, forName);
  const barColumns = columns >= 100 ? 10 : columns >= 60 ? 5 : 0;
  const lineOf = (item: RunningItem): Segment[] => itemLine(item, stepColumns, itemColumns, barColumns, now);
  return shorten(shown, room, ' more', lineOf, state.running.size - shown.length);
}

function itemLine(
  item: RunningItem,
  stepColumns: number,
  itemColumns: number,
  barColumns: number,
  now: number,
): Segment[] {
  const line: Segment[] = ['  ', ['dim', fit(item.stepLabel, stepColumns)], ' ', fit(item.label, itemColumns)];
  line.push(`  ${elapsed(now - item.claimedAt).padStart(7)}`);
  if (item.nestedTotal > 0) {
    const bars = bar(item.nestedDone, item.nestedFailed, item.nestedTotal, barColumns);
    line.push('  ', ...bars, bars.length > 0 ? ' ' : '', `${item.nestedDone + item.nestedFailed}/${item.nestedTotal}`);
    if (item.nestedFailed > 0) line.push('  ', ['red', `${item.nestedFailed} failed`]);
  }
  const [pid] = item.pids.values();
  if (pid !== undefined) line.push('  ', ['dim', `pid ${pid}${item.pids.size > 1 ? ` +${item.pids.size - 1}` : ''}`]);
  return line;
}

/** As many lines as there is room for; the last one says how many are missing, with those that the caller left out (`hidden`). */
function shorten<T>(
  things: readonly T[],
  room: number,
  what: string,
  lineOf: (thing: T) => Segment[],
  hidden = 0,
): Segment[][] {
  if (room <= 0) return [];
  if (hidden === 0 && things.length <= room) return things.map(lineOf);
  const shown = things.slice(0, room - 1);
  return [...shown.map(lineOf), [['dim', `  … and ${things.length + hidden - shown.length}${what}`]]];
}

function atLeastZero(count: number): number {
  return Math.max(0, count);
}
