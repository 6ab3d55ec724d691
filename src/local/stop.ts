import { resolve } from 'node:path';
import { openLease } from './lease.ts';
import { readServerFile } from './server-file.ts';

/** Ends the server of `dir` although it may have clients, and waits until its files are closed; false when there is none. */
export async function stopLocal(dir: string): Promise<boolean> {
  const file = await readServerFile(resolve(dir));
  // The lease proves that the process is the one of the file: after a reboot its pid may be anybody's.
  const lease = file === undefined ? undefined : await openLease(file);
  if (file === undefined || lease === undefined) return false;
  lease.hold();
  process.kill(file.pid, 'SIGTERM');
  await lease.ended;
  return true;
}
