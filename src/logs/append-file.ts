import { open } from 'node:fs/promises';

/** A new file that is only appended to. Its first failure is kept as data and ends the writing; nothing here rejects. */
export interface AppendFile {
  /** Returns how many of the bytes are in the file; fewer than given after a failure. */
  write(bytes: Buffer): Promise<number>;
  /** Returns whether the file at the path is this one. */
  close(): Promise<boolean>;
  readonly written: number;
  /** What failed, one sentence. */
  readonly problem: string | undefined;
}

/** Created for its owner alone; one that exists is a failure, never followed or overwritten. */
export function createAppendFile(path: string): AppendFile {
  let written = 0;
  let problem: string | undefined;
  const opening = open(path, 'wx', 0o600).catch(fail);

  function fail(error: unknown): undefined {
    problem ??= error instanceof Error ? error.message : String(error);
  }

  async function write(bytes: Buffer): Promise<number> {
    const handle = await opening;
    let at = 0;
    while (at < bytes.length && handle !== undefined && problem === undefined) {
      // A full disk may take a part first.
      const part = await handle.write(bytes, at, bytes.length - at).catch(fail);
      at += part?.bytesWritten ?? 0;
    }
    written += at;
    return at;
  }

  async function close(): Promise<boolean> {
    const handle = await opening;
    await handle?.close().catch(fail);
    return handle !== undefined;
  }

  return {
    write,
    close,
    get written() {
      return written;
    },
    get problem() {
      return problem;
    },
  };
}
