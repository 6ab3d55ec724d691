import { setTimeout as sleep } from 'node:timers/promises';

import { isSessionAlive, signalSession } from './process-group.ts';

const POLL_MS = 20;
/** A killed process is gone within this time, unless it hangs in the kernel; nobody can help that one. */
const KILL_WAIT_MS = 1000;

/** Ends what a command left behind in its session after its own end: TERM, `graceMs`, KILL. Bounded in time. */
export async function endLeftovers(pid: number, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    signalSession(pid, 'SIGTERM');
    signalSession(pid, 'SIGCONT');
    if (await isGone(pid, graceMs)) return;
  }
  signalSession(pid, 'SIGKILL');
  await isGone(pid, KILL_WAIT_MS);
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isSessionAlive(pid)) {
    if (performance.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
  return true;
}
