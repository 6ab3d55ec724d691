import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** The machine in one line, with its load at this moment: numbers of a busy one can only be compared with each other. */
export function machine(): string {
  const model = cpus()[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown processor';
  const memory = `${Math.round(totalmem() / 2 ** 30)} GB`;
  const load = (loadavg()[0] ?? 0).toFixed(1);
  return `${availableParallelism()} cores (${model}), ${memory}, ${type()} ${release()}, Node ${process.version}, load ${load} before`;
}
