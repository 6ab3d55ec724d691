import { write, writeSync } from 'node:fs';

/**
 * Lines to a file descriptor without ever waiting for it: a slow reader costs memory up to a limit, then lines (counted, and said
 * so in the stream); a broken one costs nothing. pino's own destination is not used: on a reader that is gone its flush at
 * exit tries for ever, and a worker that cannot exit costs money.
 */
export interface LineWriter {
  /** Takes one line with its line end; never throws, never blocks. */
  write(line: string): void;
  /** Resolves when all is written, or given up after `withinMs`; never rejects. */
  flush(withinMs: number): Promise<void>;
}

export interface LineWriterOptions {
  /** Waiting characters at most; what comes on top is dropped and counted. */
  readonly maxPending: number;
  /** The line that says how many were dropped, once writing works again. */
  readonly lossLine: (dropped: number) => string;
}

const NOTHING = Buffer.alloc(0);
const BUSY_RETRY_MS = 20;
const EXIT_PATIENCE_MS = 500;

/** A writer on an open file descriptor, which stays open. What waits when the process exits is written synchronously then. */
export function openLineWriter(fd: number, options: LineWriterOptions): LineWriter {
  const backlog = createBacklog(options);
  const idleCallbacks = new Set<() => void>();
  let busy = false;
  let broken = false;

  function becomeIdle(): void {
    busy = false;
    process.off('exit', writeTheRest);
    for (const callback of idleCallbacks) callback();
    idleCallbacks.clear();
  }

  function pump(): void {
    const chunk = backlog.take();
    write(fd, chunk, 0, chunk.length, null, (error, written) => {
      if (error === null) backlog.putBack(chunk.subarray(written));
      else if (isBusy(error)) backlog.putBack(chunk);
      else broken = true;
      if (error !== null && !broken) setTimeout(pump, BUSY_RETRY_MS).unref();
      else if (broken || backlog.isEmpty()) becomeIdle();
      else pump();
    });
  }

  // A chunk that a thread has right now is left alone: Node lets its threads end their writes before the process goes.
  function writeTheRest(): void {
    while (!backlog.isEmpty() && writeAllSync(fd, backlog.take()));
  }

  return {
    write(line) {
      if (broken) return;
      backlog.add(line);
      if (busy) return;
      busy = true;
      process.on('exit', writeTheRest);
      pump();
    },
    async flush(withinMs) {
      if (!busy) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      idleCallbacks.add(resolve);
      await promise;
      clearTimeout(timer);
      idleCallbacks.delete(resolve);
    },
  };
}

interface Backlog {
  add(line: string): void;
  /** What was put back, or else all lines that wait, with the one about losses at their end. */
  take(): Buffer;
  /** What was taken and not written. */
  putBack(rest: Buffer): void;
  isEmpty(): boolean;
}

function createBacklog({ maxPending, lossLine }: LineWriterOptions): Backlog {
  let rest: Buffer = NOTHING;
  let lines: string[] = [];
  let length = 0;
  let dropped = 0;
  return {
    add(line) {
      if (rest.length + length + line.length > maxPending) {
        dropped += 1;
        return;
      }
      lines.push(line);
      length += line.length;
    },
    take() {
      if (rest.length > 0) {
        const chunk = rest;
        rest = NOTHING;
        return chunk;
      }
      if (dropped > 0) lines.push(lossLine(dropped));
      const chunk = Buffer.from(lines.join(''));
      lines = [];
      length = dropped = 0;
      return chunk;
    },
    putBack(chunk) {
      rest = chunk;
    },
    isEmpty: () => rest.length + length + dropped === 0,
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EAGAIN' || error.code === 'EBUSY');
}

/** For the end of the process: bounded patience with a reader that takes nothing, none with a broken one. Says whether all is out. */
function writeAllSync(fd: number, bytes: Buffer): boolean {
  let rest = bytes;
  let givenUpAt = performance.now() + EXIT_PATIENCE_MS;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
      givenUpAt = performance.now() + EXIT_PATIENCE_MS;
    } catch (error) {
      if (!isBusy(error) || performance.now() > givenUpAt) return false;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_RETRY_MS);
    }
  }
  return true;
}
