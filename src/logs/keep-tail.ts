/** Keeps the last bytes of a stream, whatever its length. */
export interface TailKeeper {
  push(chunk: Uint8Array): void;
  /** A copy of what is kept. */
  bytes(): Uint8Array;
}

/** At most `limit` bytes are kept; nothing is allocated before the first byte. */
export function keepTail(limit: number): TailKeeper {
  // Twice the limit, so that small chunks move the kept bytes to the front only once in `limit` bytes.
  let buffer = new Uint8Array(0);
  let used = 0;

  function push(chunk: Uint8Array): void {
    const last = chunk.length > limit ? chunk.subarray(chunk.length - limit) : chunk;
    if (last.length === 0) return;
    if (buffer.length === 0) buffer = new Uint8Array(limit * 2);
    if (used + last.length > buffer.length) {
      const keep = limit - last.length;
      buffer.copyWithin(0, used - keep, used);
      used = keep;
    }
    buffer.set(last, used);
    used += last.length;
  }

  return { push, bytes: () => buffer.slice(Math.max(0, used - limit), used) };
}
