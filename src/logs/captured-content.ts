import { open } from 'node:fs/promises';
import type { CapturedLog } from './capture.ts';

const READ_BYTES = 64 * 1024;

/** The whole output as it is to be stored: the beginning, and after a mark the end, when the spool disk lost what is between. */
export async function* readCaptured(captured: CapturedLog): AsyncGenerator<Uint8Array> {
  let kept = 0;
  for await (const chunk of readBeginning(captured)) {
    kept += chunk.length;
    yield chunk;
  }
  const tail = captured.tail ?? new Uint8Array(0);
  const lost = captured.bytes - kept - tail.length;
  if (lost > 0) yield cutMark(lost);
  if (tail.length > 0) yield tail;
}

async function* readBeginning(captured: CapturedLog): AsyncGenerator<Uint8Array> {
  if (captured.inline !== undefined) yield captured.inline;
  if (captured.spoolPath === undefined) return;
  const handle = await open(captured.spoolPath, 'r');
  try {
    // A new buffer each time: the one who takes it may still hold the last.
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(READ_BYTES), 0, READ_BYTES);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** At most `limit` bytes: the whole output, or its head and tail around a mark. Reads no more than that from the disk. */
export async function cutCaptured(captured: CapturedLog, limit: number): Promise<Uint8Array> {
  await using beginning = await openBeginning(captured);
  const tail = captured.tail ?? new Uint8Array(0);
  if (captured.bytes <= limit && beginning.size + tail.length === captured.bytes) {
    return joined([await beginning.read(0, beginning.size), tail]);
  }
  const room = Math.max(0, limit - cutMark(captured.bytes).length);
  const half = Math.floor(room / 2);
  const lastBytes = Math.min(half, tail.length > 0 ? tail.length : beginning.size);
  const head = await beginning.read(0, Math.min(room - lastBytes, beginning.size));
  const end =
    tail.length > 0
      ? tail.subarray(tail.length - lastBytes)
      : await beginning.read(Math.max(head.length, beginning.size - lastBytes), lastBytes);
  return joined([head, cutMark(captured.bytes - head.length - end.length), end]).slice(0, limit);
}

/** The mark where bytes are missing. */
export function cutMark(bytes: number): Uint8Array {
  return new TextEncoder().encode(`\n… ${bytes} bytes cut …\n`);
}

interface Beginning extends AsyncDisposable {
  readonly size: number;
  read(from: number, length: number): Promise<Uint8Array>;
}

async function openBeginning(captured: CapturedLog): Promise<Beginning> {
  const { inline = new Uint8Array(0), spoolPath } = captured;
  if (spoolPath === undefined) {
    return {
      size: inline.length,
      read: async (from, length) => inline.subarray(from, from + length),
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const handle = await open(spoolPath, 'r');
  const { size } = await handle.stat();
  return {
    size,
    read: async (from, length) => {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, from);
      return buffer.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** An exact copy that shares no memory, so that sending it to another thread sends nothing else. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
