import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { ItemWork } from '../domain/work.ts';
import { endLeftovers } from './leftovers.ts';
import { removeScratch } from './scratch.ts';

/** Ends the children of a dead thread's item, which nobody watches any more, and removes its folders and files. Never rejects. */
export async function clearAbandoned(work: ItemWork, name: string, pids: Int32Array): Promise<void> {
  const left = [...pids].filter((pid) => pid !== 0);
  await Promise.all(left.map((pid) => endLeftovers(pid, 0)));
  await removeLeft(work, name);
}

/** Removes scratch folders and spool files of commands that nobody watches any more, by the beginning of their names. Never rejects. */
export async function removeLeft(work: ItemWork, name: string): Promise<void> {
  const scratches = await filesOf(work.scratchRoot, name);
  await Promise.all(scratches.map((path) => removeScratch(path)));
  const spools = await filesOf(work.logs.spoolDir, name);
  await Promise.all(spools.map((path) => rm(path, { force: true }).catch(() => undefined)));
}

async function filesOf(folder: string, name: string): Promise<readonly string[]> {
  const files = await readdir(folder).catch(() => []);
  return files.filter((file) => file.startsWith(`${name}-`)).map((file) => join(folder, file));
}
