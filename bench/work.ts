import { spanMs } from './events.ts';
import type { Rig } from './rig.ts';

const HEADER = 'itemID|TaskID|TaskScript|TaskArgs';
/** A worker that says all it does, and leaves soon after the last item. */
const RUN = ['--progress', 'json', '--log-level', 'debug', '--idle-exit', '1', '--linger', '0'];

/** What there is to do, and how many at once. */
export interface Load {
  readonly table: string;
  readonly script: string;
  readonly count: number;
  readonly parallel: number;
}

export async function importLines(rig: Rig, table: string, lines: readonly string[], where = rig.local): Promise<void> {
  const file = rig.write(`${table}.txt`, `${[HEADER, ...lines].join('\n')}\n`);
  await rig.anamo(['import', ...where, '-t', table, '-i', file, '-d', '|', '-n', ',']);
}

export function itemLines(script: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `item-${i}|S${i % 100}|${script}|`);
}

/** Items with `siblings` nested tasks each, which run the script with one argument more. */
export function nestedLines(script: string, items: number, siblings: number, arg = '0'): string[] {
  const args = Array.from({ length: siblings }, () => arg).join(',');
  return Array.from({ length: items }, (_, i) => `item-${i}|S${i}|${script}|${args}`);
}

/** Imports single items and runs them with `-i`; gives the time from the first start to the last ending write, ms. */
export async function runItems(rig: Rig, { table, script, count, parallel }: Load): Promise<number> {
  await importLines(rig, table, itemLines(script, count));
  return spanMs(await runWorker(rig, table, ['-i', String(parallel)]), 'item-finished', count);
}

/** The same for the nested tasks of one item, with `-n`; each gets `arg`. */
export async function runNested(rig: Rig, { table, script, count, parallel }: Load, arg?: string): Promise<number> {
  await importLines(rig, table, nestedLines(script, 1, count, arg));
  return spanMs(await runWorker(rig, table, ['-n', String(parallel)]), 'nested-finished', count);
}

/** Runs a worker until it finds nothing more; gives its events. */
export async function runWorker(rig: Rig, table: string, flags: readonly string[], where = rig.local) {
  const worker = rig.start(['run', ...where, '-t', table, ...flags, ...RUN]);
  await worker.ended;
  return worker.events();
}
