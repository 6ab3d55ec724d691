import { readFileSync } from 'node:fs';

import type { Usage } from '../domain/log-ref.ts';
import { listProcesses } from './process-group.ts';
import type { ProcessStat } from './process-group.ts';

const SAMPLE_MS = 1000;
const TICKS_PER_SECOND = 100;

export interface UsageWatch {
  /** What was seen so far; undefined when the command ended before its first sample, and where there is no /proc. */
  end(): Usage | undefined;
}

interface Probe {
  readonly pid: number;
  readonly since: number;
  usage: Usage | undefined;
}

const probes = new Set<Probe>();
let timer: NodeJS.Timeout | undefined;

/** Samples memory and CPU of all processes in the session of a detached child, once a second, with one pass over /proc for all. */
export function watchUsage(pid: number): UsageWatch {
  const probe: Probe = { pid, since: performance.now(), usage: undefined };
  if (process.platform === 'linux') {
    probes.add(probe);
    timer ??= setInterval(sampleAll, SAMPLE_MS / 2).unref();
  }
  return {
    end() {
      probes.delete(probe);
      if (probes.size === 0) {
        clearInterval(timer);
        timer = undefined;
      }
      return probe.usage;
    },
  };
}

let sampledAt = -Infinity;

function sampleAll(): void {
  const now = performance.now();
  // Short commands cost nothing: no pass over /proc before one of them is old enough.
  const due = [...probes].filter((probe) => now - probe.since >= SAMPLE_MS * 0.9);
  if (due.length === 0 || now - sampledAt < SAMPLE_MS * 0.9) return;
  sampledAt = now;
  const bySession = Map.groupBy(listProcesses(), (stat) => stat.session);
  for (const probe of due) {
    const seen = sample(bySession.get(probe.pid) ?? []);
    // Nothing: it has just ended, and what is left of it has no memory any more.
    if (seen.bytes > 0) probe.usage = merge(probe.usage, seen);
  }
}

function sample(members: readonly ProcessStat[]): { bytes: number; cpuSeconds: number } {
  let together = 0;
  let highest = 0;
  let ticks = 0;
  for (const member of members) {
    const memory = readMemory(member.pid);
    together += memory.now;
    highest = Math.max(highest, memory.peak);
    ticks += member.cpuTicks;
  }
  // The high-water mark of one process sees peaks between the samples, the sum sees processes side by side.
  return { bytes: Math.max(together, highest), cpuSeconds: ticks / TICKS_PER_SECOND };
}

function merge(before: Usage | undefined, seen: { bytes: number; cpuSeconds: number }): Usage {
  return {
    peakMemoryBytes: Math.max(before?.peakMemoryBytes ?? 0, seen.bytes),
    cpuSeconds: Math.max(before?.cpuSeconds ?? 0, seen.cpuSeconds),
    sampled: true,
  };
}

function readMemory(pid: number): { now: number; peak: number } {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return { now: kilobytes(status, 'VmRSS'), peak: kilobytes(status, 'VmHWM') };
  } catch {
    return { now: 0, peak: 0 };
  }
}

function kilobytes(status: string, field: string): number {
  const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  return found === null ? 0 : Number(found[1]) * 1024;
}
