import { randomUUID } from 'node:crypto';
import { access, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { constants, createGzip } from 'node:zlib';
import { logPath } from '../../domain/log-name.ts';
import type { CapturedLog } from '../capture.ts';
import { readCaptured } from '../captured-content.ts';
import type { LogSink } from '../sink.ts';

const GZIP = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 };

/**
 * Keeps logs gzipped below `dir`, for their owner alone. A log appears under its name whole or not at all: its
 * bytes are on the disk before it gets the name.
 */
export function fileSink(dir: string): LogSink {
  return {
    name: 'file',
    store: async (captured, key) => {
      const target = join(dir, logPath(key));
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      if (!(await storedBefore(captured, target))) await writeWhole(captured, target);
      return { location: pathToFileURL(target).href };
    },
  };
}

/** The spool file goes when its log is stored; who stores it again finds it at the end of its way. */
async function storedBefore(captured: CapturedLog, target: string): Promise<boolean> {
  if (captured.spoolPath === undefined || (await exists(captured.spoolPath))) return false;
  return exists(target);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function writeWhole(captured: CapturedLog, target: string): Promise<void> {
  // No encoded name begins with a dot, so this one meets no other.
  const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
  try {
    await writeSynced(captured, temporary);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

async function writeSynced(captured: CapturedLog, path: string): Promise<void> {
  await using handle = await open(path, 'wx', 0o600);
  await pipeline(readCaptured(captured), createGzip(GZIP), (zipped: AsyncIterable<Uint8Array>) =>
    handle.writeFile(zipped),
  );
  await handle.sync();
}
