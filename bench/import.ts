/** Items per second of an import, against bare conditional puts of the same records; both from the launch of a process to its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { connectLocal } from '../src/local/connect.ts';
import { openRig } from './rig.ts';
import { print, sized } from './row.ts';
import { importLines, itemLines } from './work.ts';

const COUNT = sized(10_000);
const CONCURRENCY = '16';
const BARE_PUTS = fileURLToPath(new URL('bare-puts.ts', import.meta.url));

await using rig = openRig();
// Both get a table of their own that is there already, so that its making is not measured.
const [ours, theirs] = ['imported', 'put'];
for (const table of [ours, theirs]) await importLines(rig, table, ['first|S|true|']);
const file = rig.write(
  'list.txt',
  `itemID|TaskID|TaskScript\n${itemLines('true', COUNT).join('\n').replaceAll(/\|$/gm, '')}\n`,
);
const server = await connectLocal(rig.local[1] ?? '');

row('anamo import', await timed(() => rig.anamo(importFlags())));
row('bare conditional puts', await timed(runBarePuts));
await server.release();

function importFlags(): string[] {
  return ['import', ...rig.local, '-t', ours, '-i', file, '-d', '|', '--concurrency', CONCURRENCY];
}

async function runBarePuts(): Promise<void> {
  const { endpointUrl, region, accessKeyId, secretAccessKey } = server;
  const args = [BARE_PUTS, theirs, String(COUNT), CONCURRENCY, endpointUrl, region];
  const env = { ...process.env, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the bare puts ended with ${code}`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function row(what: string, ms: number): void {
  print({
    group: `${COUNT} items into the table, ${CONCURRENCY} at once`,
    what,
    value: (COUNT / ms) * 1000,
    unit: '/s',
  });
}
