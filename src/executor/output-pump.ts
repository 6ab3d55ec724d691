import type { Readable } from 'node:stream';

import type { Capture } from '../logs/capture.ts';

/** A closed child whose output is still being read is given so long in all. */
const MAX_DRAIN_MS = 60_000;

/** Carries the two outputs of a child into its capture, no faster than the capture takes them. */
export interface OutputPump {
  /** Whether the capture keeps the child waiting at the moment. */
  isPaused(): boolean;
  /** Resolves to true when both ended, to false when the time is over first. */
  endedWithin(ms: number): Promise<boolean>;
  /**
   * For when the child and its group are gone: reads to the end, and gives up when for `idleMs` nothing more came although somebody
   * (a process that left the group) still holds an output open.
   */
  finish(idleMs: number): Promise<void>;
}

export function pumpOutput([stdout, stderr]: readonly [Readable, Readable], capture: Capture): OutputPump {
  let open = 2;
  let paused = 0;
  const closed = Promise.withResolvers<void>();

  function pump(name: 'stdout' | 'stderr', stream: Readable): void {
    stream.on('data', (chunk: Uint8Array) => {
      if (!capture.write(name, chunk)) void hold(stream);
    });
    stream.once('close', () => {
      open -= 1;
      if (open === 0) closed.resolve();
    });
  }

  async function hold(stream: Readable): Promise<void> {
    paused += 1;
    stream.pause();
    await capture.drained();
    paused -= 1;
    stream.resume();
  }

  function endedWithin(ms: number): Promise<boolean> {
    if (open === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms, false);
      void closed.promise.then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  async function finish(idleMs: number): Promise<void> {
    const giveUpAt = performance.now() + MAX_DRAIN_MS;
    for (let since = performance.now(); !(await endedWithin(idleMs)); since = performance.now()) {
      const idle = paused === 0 && capture.lastWriteAt < since;
      if (!idle && performance.now() < giveUpAt) continue;
      for (const stream of [stdout, stderr]) stream.destroy();
      await closed.promise;
    }
  }

  pump('stdout', stdout);
  pump('stderr', stderr);
  return { isPaused: () => paused > 0, endedWithin, finish };
}
