import { MAX_RESULT_BYTES } from '../domain/limits.ts';
import { createLineScanner, type LineScanner } from './line-scanner.ts';

/** Collects the result lines of a run over its two streams. */
export interface ResultLines {
  /** Returns the number of newlines in the chunk. */
  scan(stream: 'stdout' | 'stderr', chunk: Uint8Array): number;
  /** Takes last lines without newline and returns all results; `truncated` when some were left out. */
  end(): { results: string[]; truncated: boolean };
}

/**
 * Keeps whole lines, in the order in which they ended, until one does not fit into `MAX_RESULT_BYTES`; that one and all
 * later ones are left out, because half a number looks like a number. Each counts one byte more than it has, so that
 * empty ones are bounded too. Bytes that are not UTF-8 become U+FFFD.
 */
export function createResultLines(): ResultLines {
  const results: string[] = [];
  let used = 0;
  const scanners = new Map<'stdout' | 'stderr', LineScanner>();

  function add(line: Uint8Array): void {
    const text = Buffer.from(line).toString('utf8');
    used += Buffer.byteLength(text) + 1;
    if (used <= MAX_RESULT_BYTES) results.push(text);
  }

  function scannerOf(stream: 'stdout' | 'stderr'): LineScanner {
    const known = scanners.get(stream);
    if (known !== undefined) return known;
    const created = createLineScanner(add);
    scanners.set(stream, created);
    return created;
  }

  function end(): { results: string[]; truncated: boolean } {
    for (const scanner of scanners.values()) scanner.end();
    return { results, truncated: used > MAX_RESULT_BYTES };
  }

  return { scan: (stream, chunk) => scannerOf(stream).scan(chunk), end };
}
