import { readdirSync, readFileSync } from 'node:fs';

const BYTES_PER_MB = 1_000_000;

/** Why memory cannot be read here; undefined when it can. */
export function memoryMissing(): string | undefined {
  return process.platform === 'linux' ? undefined : 'resident memory is read from /proc, which only Linux has';
}

/** Resident memory of a worker and of its processes that run commands (not of the commands), in MB of 10^6 bytes; 0 when it is gone. */
export function residentMb(pid: number): number {
  return [pid, ...runnersOf(pid)].reduce((sum, one) => sum + ownMb(one), 0);
}

/** Children of any of its threads. */
function runnersOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' '),
    );
    return children.filter((child) => child !== '' && isRunner(child)).map(Number);
  } catch {
    return [];
  }
}

function isRunner(pid: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('runner-process');
}

function ownMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / BYTES_PER_MB;
  } catch {
    return 0;
  }
}
