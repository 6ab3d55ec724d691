import type { WorkerHandle } from '../library/types.ts';

/** Ctrl-C: everything is given back within this time. */
const CTRL_C_MS = 5000;

/**
 * Hands SIGINT, SIGTERM and SIGHUP (the terminal was closed) to the worker; a second signal ends its children at once. Returns the function that lets go.
 * The process never exits by the signal: the worker gives back what it holds first.
 */
export function stopOnSignals(worker: Pick<WorkerHandle, 'stop'>, stopTimeoutMs: number): () => void {
  const onInt = () => worker.stop('sigint', Math.min(CTRL_C_MS, stopTimeoutMs));
  const onTerm = () => worker.stop('sigterm', stopTimeoutMs);
  process.on('SIGINT', onInt);
  process.on('SIGTERM', onTerm);
  process.on('SIGHUP', onTerm);
  return () => {
    process.off('SIGINT', onInt);
    process.off('SIGTERM', onTerm);
    process.off('SIGHUP', onTerm);
  };
}
