import { displayWidth, truncate } from './text.ts';

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';
/** Puts a colour around text that is already clean and cut; the identity where colours are unwanted. */
export type Paint = (style: Style, text: string) => string;
/** A piece of a line: text, or text with its style. */
export type Segment = string | readonly [Style, string];

export function plain(_style: Style, text: string): string {
  return text;
}

/** Joins segments to a line of at most `columns`; cut before it is painted, so that no colour sequence is ever cut. */
export function joinLine(segments: readonly Segment[], columns: number, paint: Paint): string {
  let line = '';
  let left = columns;
  for (const segment of segments) {
    const [style, text] = typeof segment === 'string' ? [undefined, segment] : segment;
    const cut = truncate(text, left);
    line += style === undefined || cut === '' ? cut : paint(style, cut);
    left -= displayWidth(cut);
    if (left <= 0 || cut.length < text.length) break;
  }
  return line;
}

/** A bar of `columns`: done, then failed (other shade, so that it shows without colours), then the rest; full only at the end. */
export function bar(done: number, failed: number, total: number, columns: number): Segment[] {
  if (columns <= 0 || !(total > 0)) return [];
  const ended = Math.min(columns, Math.floor(((done + failed) / total) * columns));
  const share = Math.round((ended * failed) / Math.max(1, done + failed));
  const red = ended >= 2 && done > 0 && failed > 0 ? Math.min(ended - 1, Math.max(1, share)) : share;
  return [
    ['green', '█'.repeat(ended - red)],
    ['red', '▓'.repeat(red)],
    ['dim', '░'.repeat(columns - ended)],
  ];
}

/** `m:ss`, from one hour on `h:mm:ss`; a time that went back counts as 0. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const ss = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${ss}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${ss}`;
}
