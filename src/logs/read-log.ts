import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { AnamoError } from '../domain/errors.ts';
import type { LogRef } from '../domain/log-ref.ts';

/** The whole stored output, in chunks, from wherever it is. Throws LOG_UNREADABLE with the place and the way out. */
export async function* openLog(ref: LogRef): AsyncGenerator<Uint8Array> {
  switch (ref.sink) {
    case 'none':
      return;
    case 'inline':
      if (ref.inline === undefined)
        throw new AnamoError('LOG_UNREADABLE', 'the record says that it holds the log, and does not');
      yield ref.inline;
      return;
    case 'file':
      yield* readFileLog(ref.location);
      return;
    case 's3':
    case 'cloudwatch':
      throw new AnamoError('LOG_UNREADABLE', `this version cannot read the log at ${ref.location}`, {
        hint: 'read it with a newer version of anamo, or with the AWS command line',
      });
    default:
      throw new TypeError(`unknown sink: ${String(ref.sink satisfies never)}`);
  }
}

async function* readFileLog(location: string | undefined): AsyncGenerator<Uint8Array> {
  const path = pathOf(location);
  // Ends both when the reader stops early, and hands the file's errors to the reader.
  const unzipped = pipeline(createReadStream(path), createGunzip(), () => undefined);
  try {
    yield* unzipped as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function pathOf(location: string | undefined): string {
  try {
    // Takes nothing but file: URIs of this machine.
    return fileURLToPath(location ?? '');
  } catch (cause) {
    throw new AnamoError(
      'LOG_UNREADABLE',
      `the log's place is not a file of this machine: ${location ?? 'none given'}`,
      {
        hint: 'the record was changed by hand or by another program; the end of stderr is in the record',
        cause,
      },
    );
  }
}

function unreadable(place: string, cause: unknown): AnamoError {
  const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  if (missing) {
    return new AnamoError('LOG_UNREADABLE', `there is no log at ${place}`, {
      hint: 'look on the machine that wrote it, or mount its folder here; the end of stderr is in the record',
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AnamoError('LOG_UNREADABLE', `the log at ${place} cannot be read: ${reason}`, {
    hint: 'check the permissions and the disk; the end of stderr is in the record',
    cause,
  });
}
