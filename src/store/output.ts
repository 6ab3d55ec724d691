import { PutCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { OWN_OUTPUT_RECORD_BYTES } from '../domain/limits.ts';
import type { LogRef } from '../domain/log-ref.ts';
import { asked, type Db } from './db.ts';
import { outKey } from './schema.ts';

/** Attributes of a log as records hold it. Bytes are text when they are UTF-8, so that other tools can read them. */
export type StoredLog = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function storedBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

function loadedBytes(stored: unknown): Uint8Array {
  if (typeof stored === 'string') return Buffer.from(stored, 'utf8');
  return stored instanceof Uint8Array ? stored : new Uint8Array();
}

function bulkOf(log: LogRef): Record<string, unknown> {
  return {
    ...(log.inline === undefined ? {} : { inline: storedBytes(log.inline) }),
    ...(log.stderrTail.length === 0 ? {} : { stderrTail: storedBytes(log.stderrTail) }),
    ...(log.results.length === 0 ? {} : { results: log.results }),
  };
}

function bulkBytes(log: LogRef): number {
  const results = log.results.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
  return (log.inline?.length ?? 0) + log.stderrTail.length + results;
}

export interface LogPlace {
  readonly itemId: string;
  readonly gen: string;
  readonly fence: number;
  readonly nested?: number | undefined;
}

/**
 * What of a log goes into the record that ends the run. Output, stderr tail and results above 512 bytes get a record of
 * their own, written first, so that the record which changes hands stays at one write unit.
 */
export async function putOutput(db: Db, place: LogPlace, log: LogRef): Promise<StoredLog> {
  const { bytes, lines, sink, location, fallback } = log;
  const head = {
    bytes,
    lines,
    sink,
    ...(location === undefined ? {} : { location }),
    ...(fallback === undefined ? {} : { fallback }),
  };
  if (bulkBytes(log) <= OWN_OUTPUT_RECORD_BYTES) return { ...head, ...bulkOf(log) };
  const Item = { ...outKey(place.itemId, place.gen, place.fence, place.nested), ...bulkOf(log) };
  await asked(db, 'PutItem', () => db.patient.send(new PutCommand({ TableName: db.table, Item })));
  return { ...head, own: true };
}

/** The log as the domain knows it, with the parts of its own record when `withOutput`. */
export async function getOutput(db: Db, place: LogPlace, stored: StoredLog, withOutput: boolean): Promise<LogRef> {
  let bulk = stored;
  if (stored['own'] === true && withOutput) {
    const Key = outKey(place.itemId, place.gen, place.fence, place.nested);
    const answer = await asked(db, 'GetItem', () => db.patient.send(new GetCommand({ TableName: db.table, Key })));
    bulk = answer.Item ?? {};
  }
  return {
    bytes: Number(stored['bytes'] ?? 0),
    lines: Number(stored['lines'] ?? 0),
    sink: (stored['sink'] ?? 'none') as LogRef['sink'],
    stderrTail: loadedBytes(bulk['stderrTail']),
    results: (bulk['results'] ?? []) as readonly string[],
    ...(bulk['inline'] === undefined ? {} : { inline: loadedBytes(bulk['inline']) }),
    ...(typeof stored['location'] !== 'string' ? {} : { location: stored['location'] }),
    ...(stored['fallback'] === undefined ? {} : { fallback: stored['fallback'] as NonNullable<LogRef['fallback']> }),
  };
}
