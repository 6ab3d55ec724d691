import { styleText } from 'node:util';

import type { WorkerEvent } from '../../domain/event.ts';
import type { TableStatus } from '../../library/types.ts';
import { createFinishedLines } from './finished.ts';
import { plain } from './line.ts';
import type { Paint } from './line.ts';
import { render } from './render.ts';
import { createScreen } from './screen.ts';
import type { TerminalStream } from './screen.ts';
import { createState, reduce, takeTotals } from './state.ts';

export interface LiveViewOptions {
  readonly stream: TerminalStream & { hasColors?(): boolean };
  /** Epoch ms, the clock of the events' `at`. */
  readonly now: () => number;
  /** Counts of the whole table, asked now and then; a failure leaves the last ones. */
  readonly totals?: () => Promise<Pick<TableStatus, 'steps'>> | undefined;
}

export interface LiveView {
  onEvent(event: WorkerEvent): void;
  /** Prints what is left of the lines that stay, takes the live area away, gives the cursor back. May be called twice. */
  stop(): void;
}

const FRAME_MS = 100;
/** Without any event the elapsed times still move. */
const CALM_FRAME_MS = 1000;
const TOTALS_EVERY_MS = 15_000;
/** Big tables take long to count: spend at most a twentieth of the time on it. */
const TOTALS_SHARE = 20;

/** Shows the events of a worker on a terminal, at most ten frames a second; a stream that is none gets only the lines that stay. */
export function createLiveView(options: LiveViewOptions): LiveView {
  const { stream, now } = options;
  const live = stream.isTTY === true && process.env['TERM'] !== 'dumb';
  const paint = live && stream.hasColors?.() === true ? colour : plain;
  const startedAt = now();
  const state = createState(startedAt);
  const finished = createFinishedLines(paint, startedAt);
  const screen = createScreen(stream, live);
  const totals = createTotalsPoll(options, (status) => {
    takeTotals(state, status);
    changed = true;
  });
  let changed = true;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let stopped = false;

  function frame(): void {
    const at = now();
    if (live) totals.tick(at);
    if (!changed && Math.abs(at - drawnAt) < CALM_FRAME_MS) return;
    changed = false;
    drawnAt = at;
    const { columns, rows } = screen.size();
    screen.draw(finished.take(at), live ? render(state, columns, rows, at, paint) : []);
  }

  function onResize(): void {
    changed = true;
  }

  const timer = setInterval(frame, FRAME_MS).unref();
  stream.on('resize', onResize);
  return {
    onEvent(event) {
      reduce(state, event);
      finished.onEvent(event);
      changed = true;
    },
    stop() {
      if (stopped) return;
      stopped = true;
      clearInterval(timer);
      stream.off('resize', onResize);
      screen.close(finished.take(now(), true));
    },
  };
}

interface TotalsPoll {
  tick(at: number): void;
}

function createTotalsPoll(
  options: LiveViewOptions,
  onTotals: (status: Pick<TableStatus, 'steps'>) => void,
): TotalsPoll {
  let asking = false;
  let nextAt = Number.NEGATIVE_INFINITY;

  async function ask(at: number): Promise<void> {
    try {
      const status = await options.totals?.();
      if (status !== undefined) onTotals(status);
    } catch {
      // Counting is a courtesy; trouble with the table is shown by the worker's own events.
    }
    const answeredAt = options.now();
    nextAt = answeredAt + Math.max(TOTALS_EVERY_MS, TOTALS_SHARE * (answeredAt - at));
    asking = false;
  }

  return {
    tick(at) {
      if (asking || at < nextAt) return;
      asking = true;
      void ask(at);
    },
  };
}

function colour(...[style, text]: Parameters<Paint>): string {
  return styleText(style, text, { validateStream: false });
}
