import type { ItemSpec } from '../domain/item.ts';
import { randomId } from '../support/ids.ts';
import type { Db } from '../store/db.ts';
import { findExisting, importItem } from '../store/imports.ts';
import { bumpWake, ensureStep } from '../store/steps.ts';
import type { ImportEntry, ImportOptions, ImportProgress } from './types.ts';

/** Lines whose existence is asked for in one request. */
const CHUNK = 100;
const DEFAULT_CONCURRENCY = 16;
/** Idle workers are told this often while a long import goes on. */
const WAKE_EVERY_MS = 10_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Imports a stream of lines: what is there already is skipped and counted, bad lines are reported and passed over. Memory
 * does not grow with the stream. An abort ends it between two items; what is imported stays, and running it again
 * completes it.
 */
export async function importItems(
  db: Db,
  entries: AsyncIterable<ImportEntry>,
  options: ImportOptions,
): Promise<ImportProgress> {
  const progress: Mutable<ImportProgress> = { lines: 0, imported: 0, nestedImported: 0, skipped: 0, bad: 0 };
  const ready = new Set<string>();
  let wokenAt = performance.now();
  let chunk: ItemSpec[] = [];

  async function flush(): Promise<void> {
    const specs = chunk;
    chunk = [];
    if (specs.length === 0) return;
    for (const spec of specs) await prepareStep(spec);
    await importChunk(db, specs, progress, options);
    options.onProgress?.({ ...progress });
    if (progress.imported > 0 && performance.now() - wokenAt > WAKE_EVERY_MS) {
      wokenAt = performance.now();
      await bumpWake(db);
    }
  }

  async function prepareStep(spec: ItemSpec): Promise<void> {
    const nested = spec.nestedArgs !== undefined;
    const key = `${spec.step}|${nested}`;
    if (ready.has(key)) return;
    await ensureStep(db, spec.step, nested, db.serverNow());
    ready.add(key);
  }

  for await (const entry of entries) {
    if (options.signal?.aborted === true) break;
    progress.lines++;
    if ('problem' in entry) {
      progress.bad++;
      options.onProblem?.(entry.line, entry.problem);
      continue;
    }
    chunk.push(entry.item);
    if (chunk.length >= CHUNK) await flush();
  }
  await flush();
  if (progress.imported > 0) await bumpWake(db);
  return progress;
}

async function importChunk(
  db: Db,
  specs: readonly ItemSpec[],
  progress: Mutable<ImportProgress>,
  options: ImportOptions,
): Promise<void> {
  const existing = await findExisting(
    db,
    specs.map((spec) => spec.itemId),
  );
  // The first of several lines with the same id counts, as it does when they are far apart.
  const queue = specs.filter((spec) => !existing.has(spec.itemId) && existing.add(spec.itemId));
  progress.skipped += specs.length - queue.length;
  let next = 0;
  async function lane(): Promise<void> {
    for (let spec = queue[next++]; spec !== undefined; spec = queue[next++]) {
      if (options.signal?.aborted === true) return;
      if (await importItem(db, spec, randomId(), db.serverNow())) {
        progress.imported++;
        progress.nestedImported += spec.nestedArgs?.length ?? 0;
      } else progress.skipped++;
    }
  }
  await Promise.all(Array.from({ length: options.concurrency ?? DEFAULT_CONCURRENCY }, lane));
}
