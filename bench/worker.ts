/** A worker by itself: how soon it starts the first command, and its memory when it idles and when a command prints much. */
import { setTimeout as sleep } from 'node:timers/promises';
import { spanMs } from './events.ts';
import { memoryMissing, residentMb } from './memory.ts';
import { openRig, type Program } from './rig.ts';
import { print, sized } from './row.ts';
import { importLines, itemLines, runWorker } from './work.ts';

const IDLE_MS = 5000;
const LAUNCHES = 3;
const BYTES = sized(1_000_000_000);
const SAMPLE_EVERY_MS = 20;
const LINE = 'chr1 1234567 rs0042 A G 99 PASS DP=31;AF=0.5 GT:AD:DP 0/1:15,16:31 one line of a log';

await using rig = openRig();
await measureLaunch();
const missing = memoryMissing();
if (missing === undefined) {
  await measureIdle();
  await measureOutput();
} else {
  print({ group: 'a worker by itself', what: 'memory, idle and with 1 GB of output', skipped: missing });
}

/** The child tells the time itself; the embedded DynamoDB runs already, because the import needed it. */
async function measureLaunch(): Promise<void> {
  for (let i = 0; i < LAUNCHES; i++) {
    const table = `launch-${i}`;
    await importLines(rig, table, ['first|S|date +%s%N|']);
    const worker = startWorker(table, ['--idle-exit', '1', '--linger', '0']);
    await worker.ended;
    const startedAt = Number(await rig.anamo(['logs', ...rig.local, '-t', table, 'first'])) / 1e6;
    if (!(startedAt > worker.launchedAt)) throw new Error('this date does not know %N');
    const value = (startedAt - worker.launchedAt) / 1000;
    print({ group: 'a worker by itself', what: 'launch to first child', value, unit: 's', atMost: 1 });
  }
}

async function measureIdle(): Promise<void> {
  const items = sized(500);
  for (const [what, count] of [
    ['resident, idle since its start', 1],
    [`resident, idle after ${items} items`, items],
  ] as const) {
    const table = `idle-${count}`;
    await importLines(rig, table, count === 1 ? ['later|S|true|'] : itemLines('true', count));
    if (count === 1) await runWorker(rig, table, []);
    const worker = startWorker(table, ['-i', '16', '--idle-exit', '1h']);
    await saysIdle(worker);
    await sleep(IDLE_MS);
    const value = residentMb(worker.pid);
    worker.stop();
    await worker.ended;
    print({ group: 'a worker by itself', what, value, unit: 'MB', atMost: 150 });
  }
}

async function measureOutput(): Promise<void> {
  // `yes` ends when nobody reads on, which is no failure of the script this way.
  const script = `head -c ${BYTES} < <(yes '${LINE}')`;
  const file = rig.write(
    'output.jsonl',
    `${JSON.stringify({ itemID: 'much', TaskID: 'S', TaskScript: script, Shell: true })}\n`,
  );
  await rig.anamo(['import', ...rig.local, '-t', 'output', '-i', file]);
  const logs = `file:${rig.dir}/logs`;
  const worker = startWorker('output', ['-b', logs, '--idle-exit', '1', '--linger', '0']);
  const peak = await watchMemory(worker);
  const seconds = spanMs(worker.events(), 'item-finished', 1) / 1000;
  const group = `a command that prints ${(BYTES / 1e9).toLocaleString('en')} GB`;
  print({ group, what: 'resident at most', value: peak, unit: 'MB' });
  print({ group, what: 'first start to ending write', value: seconds, unit: 's' });
}

function startWorker(table: string, flags: readonly string[]): Program {
  return rig.start(['run', ...rig.local, '-t', table, '--progress', 'json', '--log-level', 'debug', ...flags]);
}

async function saysIdle(worker: Program): Promise<void> {
  while (!worker.events().some(({ event }) => event === 'poll-empty')) await sleep(SAMPLE_EVERY_MS);
}

async function watchMemory(worker: Program): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentMb(worker.pid));
  }, SAMPLE_EVERY_MS);
  try {
    await worker.ended;
    return peak;
  } finally {
    clearInterval(timer);
  }
}
