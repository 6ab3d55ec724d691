/**
 * Set-up of every test file: fails the file when it leaves a child process, a thread, a listening server or a running
 * timer behind. Processes are looked up in /proc, so only Linux checks those that left the tree of processes.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { killAll, survivors, type Survivor } from './processes.ts';

const GRACE_MS = 2_000;
const POLL_MS = 25;
const THREAD = 'worker thread';
/** As process.getActiveResourcesInfo() names them; an unref'd timer is not among them. */
const WATCHED = ['TCPServerWrap', 'Timeout', 'ProcessWrap', THREAD];

// Children inherit it, also those that leave the tree of processes by setsid or a double fork.
const token = randomUUID();
process.env['ANAMO_TEST_TOKEN'] = token;
const processesBefore = new Set(survivors(process.pid, token).map((survivor) => survivor.pid));
const resourcesBefore = resources();

// Registered before those of the test file, so it runs after them.
afterAll(async () => {
  const deadline = performance.now() + GRACE_MS;
  let leaks = findLeaks();
  while (leaks.length > 0 && performance.now() < deadline) {
    await sleep(POLL_MS, undefined, { ref: false });
    leaks = findLeaks();
  }
  if (leaks.length === 0) return;
  killAll(leftProcesses());
  throw new Error(`the test file leaks:\n${leaks.map((leak) => `  ${leak}`).join('\n')}`);
});

function findLeaks(): readonly string[] {
  return [...leftProcesses().map(({ pid, command }) => `process ${pid}: ${command}`), ...leftResources()];
}

function leftProcesses(): readonly Survivor[] {
  return survivors(process.pid, token).filter(({ pid }) => !processesBefore.has(pid));
}

function leftResources(): readonly string[] {
  const now = resources();
  return WATCHED.flatMap((kind) => {
    const left = (now.get(kind) ?? 0) - (resourcesBefore.get(kind) ?? 0);
    return left > 0 ? [`${left} x ${kind}`] : [];
  });
}

/** How many there are of each kind. */
function resources(): ReadonlyMap<string, number> {
  const counts = new Map([[THREAD, threads()]]);
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** No other interface tells of threads, least of all of those that are unref'd. */
function threads(): number {
  // The report would look up the name of every peer otherwise, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report.getReport() as { workers?: readonly unknown[] };
  return report.workers?.length ?? 0;
}
