import type { RunReport } from '../domain/log-ref.ts';
import type { SpawnFailed } from './spawn-failure.ts';

/** The report of a command without output of its own. `startedAt` in epoch ms. */
export function reportNotRun(outcome: SpawnFailed, startedAt: number): RunReport {
  const log = { bytes: 0, lines: 0, sink: 'none', stderrTail: new Uint8Array(0), results: [] } as const;
  return { outcome, startedAt, endedAt: Date.now(), log };
}
