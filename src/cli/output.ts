import { once } from 'node:events';
import { styleText } from 'node:util';
import { cleanText, displayWidth } from './live/text.ts';
import type { Io, OutputStream } from './io.ts';

export type Colour = 'bold' | 'dim' | 'green' | 'red' | 'cyan' | 'yellow';

/** Text and tables for people. Everything that comes from data goes through `cleanText` on its way. */
export interface Output {
  line(text?: string): void;
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void;
  /** Colour when the stream is a terminal and NO_COLOR does not forbid it. */
  paint(colour: Colour, text: string): string;
  /** Resolves when the reader can take more. */
  drained(): Promise<void>;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';
const WHOLE = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function outputTo(stream: OutputStream, env: Io['env']): Output {
  const coloured = stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const paint = (colour: Colour, text: string) =>
    coloured ? styleText(colour, text, { validateStream: false }) : text;
  const line = (text = '') => void stream.write(`${text}\n`);
  return {
    line,
    paint,
    table(columns, rows) {
      for (const [index, text] of layOut(columns, rows).entries()) line(index === 0 ? paint('bold', text) : text);
    },
    async drained() {
      if (stream.writable && (stream as { writableNeedDrain?: boolean }).writableNeedDrain === true) {
        await once(stream, 'drain');
      }
    },
  };
}

/** Header and rows as lines, each column as wide as its widest cell. */
export function layOut(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map((column) => column.title), ...rows].map((row) => row.map((cell) => cleanText(cell)));
  const widths = columns.map((_, index) => Math.max(...lines.map((row) => displayWidth(row[index] ?? ''))));
  return lines.map((row) =>
    columns
      .map((column, index) => pad(row[index] ?? '', widths[index] ?? 0, column.align))
      .join(GAP)
      .trimEnd(),
  );
}

function pad(text: string, width: number, align: Column['align']): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** 1234567 is 1,234,567 for people; JSON has raw numbers. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** "1 item", "1,234 items". */
export function plural(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? '' : 's'}`;
}

/** A duration in ms in the two largest units that matter. */
export function spell(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 1) return `${Math.round(ms)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let rest = value;
  let unit = 0;
  while (rest >= 1024 && unit < units.length - 1) {
    rest /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? count(rest) : rest.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Local time, to the second; a dash when there is none. */
export function when(at: number | undefined): string {
  if (at === undefined) return '-';
  const iso = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString();
  return iso.slice(0, 19).replace('T', ' ');
}

/** JSON with bytes as text, or as base64 when they are no UTF-8. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, replaceBytes, indent);
}

/** A Buffer has turned itself into an object before the replacer sees it, so the original is looked up in its holder. */
function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  const original = (this as Readonly<Record<string, unknown>>)[key];
  return original instanceof Uint8Array ? textOrBase64(original) : value;
}

function textOrBase64(value: Uint8Array): string | { base64: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(value);
  } catch {
    return { base64: Buffer.from(value).toString('base64') };
  }
}

/** Lines of a log for a terminal: bytes that are no UTF-8 are marked, nothing can drive the terminal. */
export function logLines(value: Uint8Array): string[] {
  const lines = new TextDecoder().decode(value).split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((text) => cleanText(text.replaceAll('\t', '    ')));
}
