import type { LogKey } from './log-ref.ts';
import { nestedName } from './item.ts';

/*
 * <table>/<step>/<itemId>/<item or Task_n>/<gen>-<fence>.log.gz
 *
 * Each field is percent-encoded, so that none can climb out of its folder or look like two, and the whole can be read
 * back. A field too long for a file name goes on in folders that begin with `~`, which no encoded field holds.
 */

/** File systems allow 255; the rest is for `-<fence>.log.gz`. */
const MAX_SEGMENT = 200;
const CONTINUED = '~';
/** Stands for an empty field; no escape is `%` alone. */
const EMPTY = '%';
const ITEM_SEGMENT = 'item';
const FILE_END = /^(.*)-(0|[1-9][0-9]*)\.log\.gz$/s;

/** The relative path of a stored log, with `/`: different for different keys, and never a folder of another one. */
export function logPath(key: LogKey): string {
  const nested = key.nested === undefined ? ITEM_SEGMENT : nestedName(key.nested);
  // Without dots in gen, no folder that a long gen needs can have the name of a file.
  const gen = segmentsOf(encodeField(key.gen).replaceAll('.', '%2E'));
  const folders = [key.table, key.step, key.itemId].flatMap((field) => segmentsOf(encodeField(field)));
  return [...folders, nested, `${gen.join('/')}-${key.fence}.log.gz`].join('/');
}

/** The key of a path that logPath() made; undefined for any other text. */
export function parseLogPath(path: string): LogKey | undefined {
  const fields = path.replaceAll(`/${CONTINUED}`, '').split('/');
  const [table, step, itemId, nestedField, file] = fields;
  if (table === undefined || step === undefined || itemId === undefined || fields.length !== 5) return undefined;
  const [, gen, fence] = FILE_END.exec(file ?? '') ?? [];
  const nested = /^Task_([0-9]+)$/.exec(nestedField ?? '')?.[1];
  const key: LogKey = {
    table: decodeField(table),
    step: decodeField(step),
    itemId: decodeField(itemId),
    ...(nested === undefined ? {} : { nested: Number(nested) }),
    gen: decodeField(gen ?? ''),
    fence: Number(fence),
  };
  return logPath(key) === path ? key : undefined;
}

/** Percent-encodes a field for use as one name; `.`, `..` and hidden names do not come out of it. */
function encodeField(field: string): string {
  if (field === '') return EMPTY;
  return field.replace(/[^A-Za-z0-9_.-]/gu, escapeCharacter).replace(/^\./, '%2E');
}

function escapeCharacter(character: string): string {
  // Half of a surrogate pair has no UTF-8; it still must not meet another id.
  if (!character.isWellFormed()) return `%u${hex(character.charCodeAt(0), 4)}`;
  return Array.from(new TextEncoder().encode(character), (byte) => `%${hex(byte, 2)}`).join('');
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/** Text that encodeField() did not make comes out as anything; the caller compares. */
function decodeField(text: string): string {
  if (text === EMPTY) return '';
  return text.replace(/(?:%[0-9A-F]{2})+|%u[0-9A-F]{4}/g, (escape) => {
    if (escape.startsWith('%u')) return String.fromCharCode(Number.parseInt(escape.slice(2), 16));
    const bytes = escape.split('%').slice(1);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(
      Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)),
    );
  });
}

function segmentsOf(encoded: string): string[] {
  const segments = [encoded.slice(0, MAX_SEGMENT)];
  for (let at = MAX_SEGMENT; at < encoded.length; at += MAX_SEGMENT) {
    segments.push(CONTINUED + encoded.slice(at, at + MAX_SEGMENT));
  }
  return segments;
}
