import { readFileSync } from 'node:fs';

const BYTES_PER_MB = 1_000_000;

/** Why memory cannot be read here; undefined when it can. */
export function memoryMissing(): string | undefined {
  return process.platform === 'linux' ? undefined : 'resident memory is read from /proc, which only Linux has';
}

/** Resident memory of a process, in MB of 10^6 bytes; 0 when it is gone. */
export function residentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return (Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024) / BYTES_PER_MB;
  } catch {
    return 0;
  }
}
