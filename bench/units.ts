/**
 * What DynamoDB charges for an item and for a nested task, counted on DynamoDB Local. Counts, not times: the same on any
 * machine. A skip when DynamoDB Local cannot be had.
 */
import { startDynamoDbLocal, type DynamoDbLocal } from '../test/support/dynamodb-local.ts';
import { startMeteringProxy, type Charged, type MeteringProxy } from './metering-proxy.ts';
import { openRig, type Rig } from './rig.ts';
import { print, sized, type Row } from './row.ts';
import { importLines, itemLines, nestedLines, runWorker } from './work.ts';

/** Not a tenth with BENCH_QUICK: then the worker's own few requests, spread over the items, would hide theirs. */
const ITEMS = 500;
/** Items × nested tasks of each. */
const NESTED = [
  [sized(50), 10],
  [1, sized(5000)],
] as const;

const server = await startServer();
if (server !== undefined) {
  const proxy = await startMeteringProxy(server.endpointUrl);
  try {
    await using rig = openRig();
    await countItems(rig, proxy);
    for (const [items, siblings] of NESTED) await countNested(rig, proxy, items, siblings);
  } finally {
    await proxy.close();
    await server.close();
  }
}

async function startServer(): Promise<DynamoDbLocal | undefined> {
  try {
    return await startDynamoDbLocal();
  } catch (error) {
    const skipped = process.env['BENCH_NO_DYNAMODB_LOCAL'] ?? (error as Error).message;
    print({ group: 'DynamoDB', what: 'requests and units', skipped });
    return undefined;
  }
}

async function countItems(rig: Rig, proxy: MeteringProxy): Promise<void> {
  const { imported, ran } = await charged(rig, proxy, 'items', itemLines('true', ITEMS), ['-i', '4']);
  const row = rowsOf(`DynamoDB, an item (of ${ITEMS})`, ITEMS);
  const all = [...imported, ...ran];
  row('write units, import to ending', { unit: 'write units', of: writes(about(all, 'item')), atMost: 9 });
  row('requests after import', { unit: 'requests', of: ran.length, atMost: 2.2 });
  row('read units after import', { unit: 'read units', of: reads(ran) });
  print({
    group: `DynamoDB, an item (of ${ITEMS})`,
    what: 'of one import and one run, all else (table, step, worker)',
    value: writes(about(all, 'other')),
    unit: 'write units',
  });
}

async function countNested(rig: Rig, proxy: MeteringProxy, items: number, siblings: number): Promise<void> {
  const lines = nestedLines('true', items, siblings);
  const { imported, ran } = await charged(rig, proxy, `nested-${siblings}`, lines, ['-i', '2', '-n', '8']);
  const row = rowsOf(`DynamoDB, a nested task with ${siblings - 1} siblings`, items * siblings);
  const own = about(ran, 'nested');
  row('write units, import to ending', {
    unit: 'write units',
    of: writes(about([...imported, ...ran], 'nested')),
    atMost: 2,
  });
  row('requests after import', { unit: 'requests', of: own.length, atMost: 1.1 });
  row('read units after import', { unit: 'read units', of: reads(own) });
}

function rowsOf(group: string, among: number) {
  return (what: string, row: { unit: Row['unit']; of: number; atMost?: number }): void => {
    const { unit, of, atMost } = row;
    print({ group, what, value: of / among, unit, ...(atMost === undefined ? {} : { atMost }) });
  };
}

/** What an import was charged, and its run from the worker's first request to its last ending. */
async function charged(
  rig: Rig,
  proxy: MeteringProxy,
  table: string,
  lines: readonly string[],
  flags: readonly string[],
): Promise<{ imported: readonly Charged[]; ran: readonly Charged[] }> {
  const where = ['--endpoint-url', proxy.endpointUrl];
  await importLines(rig, table, lines, where);
  const imported = proxy.take();
  await runWorker(rig, table, flags, where);
  const all = proxy.take();
  const last = all.findLastIndex((one) => one.writes && one.about === 'item');
  return { imported, ran: all.slice(0, last + 1) };
}

function about(list: readonly Charged[], what: Charged['about']): readonly Charged[] {
  return list.filter((one) => one.about === what);
}

function writes(list: readonly Charged[]): number {
  return list.reduce((sum, one) => sum + (one.writes ? one.units : 0), 0);
}

function reads(list: readonly Charged[]): number {
  return list.reduce((sum, one) => sum + (one.writes ? 0 : one.units), 0);
}
