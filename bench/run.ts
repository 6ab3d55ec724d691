/**
 * Runs all benches one after another and prints one table. Each is repeated and the rounds are interleaved, so that a
 * neighbour's load falls on all of them; medians, least and greatest values are shown.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.ts';
import { QUICK, type Line } from './row.ts';
import { table } from './table.ts';

const ROUNDS = QUICK ? 1 : 3;
const TIMED = ['rate', 'efficiency', 'import', 'worker'];
/** Their numbers do not depend on the load of the machine. */
const COUNTED = ['units'];

const aborted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => aborted.abort());

const startedAt = performance.now();
const before = machine();
const lines: Line[] = [];
const env = { ...process.env, ...prepareDynamoDbLocal() };
for (let round = 1; round <= ROUNDS; round++) {
  for (const name of TIMED) lines.push(...(await run(name, `round ${round} of ${ROUNDS}`)));
}
for (const name of COUNTED) lines.push(...(await run(name, 'once')));
const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
process.stdout.write(
  `${before}; ${ROUNDS} rounds in ${minutes} minutes${QUICK ? '; BENCH_QUICK: a tenth of the sizes' : ''}\n\n${table(lines)}`,
);

/** Each in a process of its own, so that none inherits another's memory, threads or connections. */
async function run(name: string, which: string): Promise<Line[]> {
  if (aborted.signal.aborted) process.exit(130);
  process.stderr.write(`bench ${name}, ${which} …\n`);
  const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const forward = (): void => void child.kill('SIGTERM');
  aborted.signal.addEventListener('abort', forward);
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number | null]>]);
  aborted.signal.removeEventListener('abort', forward);
  if (aborted.signal.aborted) process.exit(130);
  if (code !== 0) throw new Error(`bench ${name} ended with ${code}`);
  return said.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
}

/** `make conformance` fetches it; asked for nothing but the version of vitest it stops there. */
function prepareDynamoDbLocal(): { BENCH_NO_DYNAMODB_LOCAL?: string } {
  const script = fileURLToPath(new URL('../scripts/conformance.ts', import.meta.url));
  const { stdout } = spawnSync(process.execPath, [script, '--version'], {
    env: { ...process.env, CI: '' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const skipped = /^SKIPPED: [^:]+: (.*)$/m.exec(stdout)?.[1];
  return skipped === undefined ? {} : { BENCH_NO_DYNAMODB_LOCAL: skipped };
}
