import { readFileSync } from 'node:fs';

/** One line of the worker's event log, as far as the benches look at it. */
export interface LoggedEvent {
  readonly event: string;
  /** Epoch ms. */
  readonly at: number;
  readonly cause: string | undefined;
}

/** The events that a worker has written to a file by now; a line that is being written is left out. */
export function readEvents(path: string): readonly LoggedEvent[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.startsWith('{')).map(parse);
}

function parse(line: string): LoggedEvent {
  const { event, time, cause } = JSON.parse(line) as { event: string; time: string; cause?: string };
  return { event, at: Date.parse(time), cause };
}

/**
 * Time from the first child's start to the last answered ending write, ms. Throws unless exactly `expected` events of
 * the name tell of success: a run that lost or failed anything is no measurement.
 */
export function spanMs(
  events: readonly LoggedEvent[],
  ended: 'item-finished' | 'nested-finished',
  expected: number,
): number {
  const ok = events.filter(({ event, cause }) => event === ended && cause === 'ok');
  if (ok.length !== expected) throw new Error(`${ok.length} of ${expected} ended well`);
  const first = events.find(({ event }) => event === 'child-started');
  const last = events.findLast(({ event }) => event === 'item-finished');
  if (first === undefined || last === undefined) throw new Error('the worker has not logged what it did');
  return last.at - first.at;
}
