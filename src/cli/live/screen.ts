import { stripVTControlCharacters } from 'node:util';

import { displayWidth } from './text.ts';

/** What the screen needs of a terminal; `process.stderr` is one. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on(event: 'error' | 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** A live area at the bottom of what was printed, redrawn in place, with lines that stay printed above it. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  draw(permanent: readonly string[], live: readonly string[]): void;
  /** Takes the live area away and gives the cursor back; later calls do nothing. */
  close(permanent: readonly string[]): void;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
// Without wrapping, a line that the terminal finds wider than we do is cut by it instead of breaking the line count.
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
const ERASE_LINE = '\u001b[2K';
const ERASE_DOWN = '\u001b[J';

/** `live: false` (no terminal, or one that cannot move its cursor) prints only the lines that stay. */
export function createScreen(stream: TerminalStream, live: boolean): Screen {
  let drawn: readonly string[] = [];
  let drawnColumns = 0;
  let hidden = false;
  let closed = false;

  // Stays on: a hung-up terminal must not end the worker, neither now nor at the last write of the command.
  stream.on('error', () => {
    closed = true;
  });

  function size(): { columns: number; rows: number } {
    // Some terminals say 0 at first.
    return { columns: stream.columns || 80, rows: stream.rows || 24 };
  }

  // Most terminals wrap what is printed anew when they become narrower, so the old lines may take more rows than before.
  function drawnRows(): number {
    const { columns } = size();
    if (columns >= drawnColumns) return drawn.length;
    return drawn.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
  }

  function toTop(): string {
    const rows = drawnRows();
    return rows > 0 ? `\r\u001b[${rows}A` : '\r';
  }

  function restoreCursor(): void {
    if (hidden && !closed) stream.write(WRAP_ON + SHOW_CURSOR);
    hidden = false;
  }

  function draw(permanent: readonly string[], lines: readonly string[]): void {
    if (closed) return;
    if (!live) {
      if (permanent.length > 0) stream.write(`${permanent.join('\n')}\n`);
      return;
    }
    let frame = hidden ? toTop() : HIDE_CURSOR;
    if (!hidden) process.on('exit', restoreCursor);
    hidden = true;
    if (permanent.length > 0) frame += `${ERASE_DOWN}${permanent.join('\n')}\n`;
    frame += WRAP_OFF + lines.map((line) => `${ERASE_LINE}${line}\n`).join('') + ERASE_DOWN + WRAP_ON;
    drawn = lines;
    drawnColumns = size().columns;
    stream.write(frame);
  }

  return {
    size,
    draw,
    close(permanent) {
      draw(permanent, []);
      restoreCursor();
      closed = true;
      process.off('exit', restoreCursor);
    },
  };
}

function widthOf(line: string): number {
  return displayWidth(stripVTControlCharacters(line));
}
