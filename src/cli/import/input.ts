import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AnamoError } from '../../domain/errors.ts';
import type { Io } from '../io.ts';

/** Something to import that can be read from its start as often as needed, or only once. */
export interface ImportInput {
  /** For messages. */
  readonly name: string;
  /** Path of a real file; undefined for standard input, which can be read once. */
  readonly file: string | undefined;
  stream(): AsyncIterable<Uint8Array | string>;
  /** Ends a read that waits for standard input. */
  stop(): void;
  close(): Promise<void>;
}

/** @throws AnamoError INPUT_UNREADABLE before anything else is touched */
export async function openInput(named: string, io: Pick<Io, 'stdin' | 'cwd'>): Promise<ImportInput> {
  if (named === '-') return standardInput(io);
  const file = path.resolve(io.cwd, named);
  await checkReadable(file, named);
  return {
    name: named,
    file,
    stream: () => createReadStream(file),
    stop: () => undefined,
    close: async () => undefined,
  };
}

function standardInput({ stdin }: Pick<Io, 'stdin'>): ImportInput {
  const destroy = () => (stdin as { destroy?: () => void }).destroy?.();
  return {
    name: 'standard input',
    file: undefined,
    stream: () => stdin as AsyncIterable<Uint8Array | string>,
    stop: destroy,
    close: async () => destroy(),
  };
}

/** Standard input as a file, so that it can be read twice; the file goes with `close`. */
export async function spool(input: ImportInput): Promise<ImportInput> {
  if (input.file !== undefined) return input;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'anamo-import-'));
  const file = path.join(folder, 'stdin');
  const close = async () => {
    await input.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await pipeline(input.stream(), createWriteStream(file, { mode: 0o600 }));
  } catch (error) {
    await close();
    throw error;
  }
  return { ...input, file, stream: () => createReadStream(file), close };
}

async function checkReadable(file: string, named: string): Promise<void> {
  try {
    const handle = await open(file, 'r');
    try {
      if ((await handle.stat()).isDirectory()) throw unreadable(named, 'it is a folder', undefined);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof AnamoError) throw error;
    throw unreadable(named, reasonOf(error), error);
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'no permission to read it';
  return typeof code === 'string' ? code : String(error);
}

function unreadable(named: string, reason: string, cause: unknown): AnamoError {
  return new AnamoError('INPUT_UNREADABLE', `the input ${named} cannot be read: ${reason}`, {
    hint: 'check the path; - reads standard input',
    cause,
  });
}

/** Line ends in a file, for the length of a progress bar. */
export async function countLines(file: string): Promise<number> {
  let lines = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) lines += 1;
  }
  return lines;
}
