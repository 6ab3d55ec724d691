import { rm } from 'node:fs/promises';
import { createAppendFile } from './append-file.ts';
import { createBlocks } from './blocks.ts';
import { keepTail } from './keep-tail.ts';

/** A file that takes bytes faster than the disk does, and says when it is too much. */
export interface SpoolFile {
  /** Copies the chunk. Returns false when so much waits for the disk that the writer should pause until drained(). */
  append(chunk: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Writes what waits and closes the file; never rejects. Call once. */
  close(): Promise<SpoolEnd>;
}

/** `written` bytes of the beginning are in the file. With a problem, `tail` is the end of what is not. */
export interface SpoolEnd {
  readonly written: number;
  readonly problem?: string;
  readonly tail: Uint8Array;
  /** Whether the file at the path is this one. */
  readonly created: boolean;
}

/** With so many waiting bytes the writer is asked to pause. */
const HIGH_WATER = 1024 * 1024;

/** A disk that fails is told by close(); until then, bytes are taken and only the last `tailBytes` of them kept. */
export function createSpoolFile(path: string, tailBytes: number): SpoolFile {
  const file = createAppendFile(path);
  const blocks = createBlocks();
  const tail = keepTail(tailBytes);
  let waiting = 0;
  let pumping: Promise<void> | undefined;

  function append(chunk: Uint8Array): boolean {
    blocks.append(chunk);
    waiting += chunk.length;
    if (blocks.ready) pumping ??= pump();
    return waiting < HIGH_WATER;
  }

  /** Writes full blocks, in order, until there are none. One runs at a time. */
  async function pump(): Promise<void> {
    for (let block = blocks.take(); block !== undefined; block = blocks.take()) {
      const bytes = block.bytes.subarray(0, block.used);
      tail.push(bytes.subarray(await file.write(bytes)));
      waiting -= block.used;
      blocks.giveBack(block);
    }
    pumping = undefined;
  }

  async function close(): Promise<SpoolEnd> {
    await pumping;
    blocks.flush();
    await pump();
    const created = await file.close();
    const { written, problem } = file;
    return { written, tail: tail.bytes(), created, ...(problem === undefined ? {} : { problem }) };
  }

  return { append, drained: () => pumping ?? Promise.resolve(), close };
}

/** Removes a spool file; one that is not there, or cannot be removed, is no reason to fail a run. */
export async function removeSpool(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}
