import { MAX_RESULT_BYTES } from '../domain/limits.ts';

/** Finds the lines of one stream that begin with a result mark, across chunk boundaries. */
export interface LineScanner {
  /** Returns the number of newlines in the chunk. */
  scan(chunk: Uint8Array): number;
  /** A last line without newline is a line. */
  end(): void;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const MARKS = ['PyAnamo:\t', 'anamo:\t'].map((mark) => new TextEncoder().encode(mark));
/** The first two bytes of each mark tell it from nearly every other line. */
const [P, Y] = [0x50, 0x79] as const;
const [A, N] = [0x61, 0x6e] as const;
/** From here on the search in Buffer.indexOf is faster than a loop. */
const SHORT_LINE = 16;

/**
 * Calls `onResult` with each result line, without mark and line end. Of one that is longer than may be kept, only so many
 * bytes are held and handed over that this can be seen.
 *
 *   line start ──first byte of a mark──► mark ──all of it──► result ─┐
 *       │  ▲                              │                          │
 *       ▼  └───────── newline ────────────┼──────────────────────────┘
 *      other ◄────────────────────────────┘
 */
export function createLineScanner(onResult: (line: Uint8Array) => void): LineScanner {
  let state: 'start' | 'mark' | 'result' | 'other' = 'start';
  let mark: Uint8Array = new Uint8Array(0);
  let matched = 0;
  const held = new Uint8Array(MAX_RESULT_BYTES + 1);
  let heldBytes = 0;

  function endLine(): void {
    if (state === 'result') {
      const trimmed = held[heldBytes - 1] === CARRIAGE_RETURN ? heldBytes - 1 : heldBytes;
      onResult(held.slice(0, trimmed));
      heldBytes = 0;
    }
    state = 'start';
  }

  function matchByte(byte: number | undefined): void {
    if (state === 'start') {
      const found = MARKS.find((candidate) => candidate[0] === byte);
      state = found === undefined ? 'other' : 'mark';
      mark = found ?? mark;
      matched = 1;
      return;
    }
    if (byte !== mark[matched]) state = 'other';
    else if (++matched === mark.length) state = 'result';
  }

  /** Takes the rest of the result line, up to its newline; returns where that is. */
  function takeResult(chunk: Buffer, from: number): number {
    const lineEnd = findNewline(chunk, from);
    const kept = chunk.subarray(from, Math.min(lineEnd, from + held.length - heldBytes));
    held.set(kept, heldBytes);
    heldBytes += kept.length;
    return lineEnd;
  }

  function scan(bytes: Uint8Array): number {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let newlines = 0;
    for (let at = 0; at < chunk.length;) {
      if (state === 'other') {
        const skipped = skipOthers(chunk, at);
        newlines += skipped.newlines;
        at = skipped.at;
        if (skipped.atLineStart) state = 'start';
      } else if (chunk[at] === NEWLINE) {
        newlines += 1;
        at += 1;
        endLine();
      } else if (state === 'result') {
        at = takeResult(chunk, at);
      } else {
        matchByte(chunk[at]);
        at += 1;
      }
    }
    return newlines;
  }

  return { scan, end: endLine };
}

/** Goes on to the next line that may begin with a mark, or to the end of the chunk. Nearly all output passes here. */
function skipOthers(chunk: Buffer, from: number): { at: number; newlines: number; atLineStart: boolean } {
  let newlines = 0;
  for (let at = findNewline(chunk, from); at < chunk.length; at = findNewline(chunk, at)) {
    newlines += 1;
    at += 1;
    if (mayBeMark(chunk, at)) return { at, newlines, atLineStart: true };
  }
  return { at: chunk.length, newlines, atLineStart: false };
}

/** Looks at two bytes, for lines that begin with an `a` are not rare. At the end of the chunk anything may follow. */
function mayBeMark(chunk: Buffer, at: number): boolean {
  if (at >= chunk.length) return true;
  const first = chunk[at];
  if (first !== A && first !== P) return false;
  return at + 1 >= chunk.length || chunk[at + 1] === (first === A ? N : Y);
}

/** Index of the next newline at or after `from`; the chunk's length when there is none. */
function findNewline(chunk: Buffer, from: number): number {
  const near = Math.min(chunk.length, from + SHORT_LINE);
  for (let at = from; at < near; at += 1) {
    if (chunk[at] === NEWLINE) return at;
  }
  if (near === chunk.length) return near;
  const found = chunk.indexOf(NEWLINE, near);
  return found === -1 ? chunk.length : found;
}
