import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { AnamoError } from '../domain/errors.ts';

/** What anamo uses of dynalite. */
export interface DynaliteOptions {
  path?: string;
  createTableMs: number;
  deleteTableMs: number;
  updateTableMs: number;
}

/** What anamo uses of dynalite's LevelDB (package `level`). */
export interface LevelDatabase {
  open(): Promise<void>;
  close(): Promise<void>;
  batch(operations: LevelOperation[]): Promise<void>;
  keys(range: LevelRange): AsyncIterable<string>;
  iterator(range: LevelRange): AsyncIterable<[key: string, value: unknown]>;
}

export type LevelOperation = { type: 'put'; key: string; value: unknown } | { type: 'del'; key: string };

interface LevelRange {
  gte: string;
  lt: string;
}

type LevelConstructor = new (folder: string, options: { valueEncoding: 'json' }) => LevelDatabase;

/** Describes an item or a table as dynalite stores it; only dynalite looks inside. */
export type StoredRecord = Record<string, unknown>;

/** The function by which dynalite finds out what an item has in the indexes. */
export type IndexActions = (
  indexes: unknown,
  existingItem: undefined,
  item: StoredRecord,
  table: StoredRecord,
) => { puts: { index: string; key: string; item: StoredRecord }[] };

/** The optional package, loaded. */
export interface DynalitePackage {
  createServer: (options: DynaliteOptions) => Server;
  Level: LevelConstructor;
  getIndexActions: IndexActions;
}

/** Fails with LOCAL_MISSING when the optional package is not installed or has no binary for this machine. */
export function loadDynalite(): DynalitePackage {
  try {
    const require = createRequire(import.meta.url);
    const requireInside = createRequire(require.resolve('dynalite'));
    const { Level } = requireInside('level') as { Level: LevelConstructor };
    const { MemoryLevel } = requireInside('memory-level') as { MemoryLevel: LevelConstructor };
    const { getIndexActions } = requireInside('./db') as { getIndexActions: IndexActions };
    letStreamsCloseIterators(Level.prototype as object);
    letStreamsCloseIterators(MemoryLevel.prototype as object);
    return { createServer: require('dynalite') as DynalitePackage['createServer'], Level, getIndexActions };
  } catch (cause) {
    throw localMissing(cause);
  }
}

/** The error of a machine where dynalite cannot be loaded. */
export function localMissing(cause?: unknown): AnamoError {
  return new AnamoError('LOCAL_MISSING', 'the embedded DynamoDB (npm package dynalite) cannot be loaded', {
    hint: 'install it beside anamo (npm install dynalite), or name a table in AWS by -t and -r without --local',
    cause,
  });
}

interface ClosableIterator {
  close(): Promise<void>;
  return?: () => Promise<void>;
}

const patched = new WeakSet<object>();

/**
 * dynalite ends a Query with `iterator.return()`, which the iterators of `level` do not have (theirs is `close()`), so that each Query
 * leaves an iterator with its LevelDB snapshot behind: 20 KB per Query, for ever. This adds the missing method.
 */
function letStreamsCloseIterators(prototype: object): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  for (const name of ['keys', 'values'] as const) {
    const original: unknown = Reflect.get(prototype, name);
    if (typeof original !== 'function') continue;
    const replacement = function (this: unknown, ...args: unknown[]): ClosableIterator {
      const iterator = Reflect.apply(original, this, args) as ClosableIterator;
      iterator.return ??= () => iterator.close();
      return iterator;
    };
    Reflect.set(prototype, name, replacement);
  }
}
