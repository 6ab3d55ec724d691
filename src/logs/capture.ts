import { MAX_STDERR_TAIL } from '../domain/limits.ts';
import { keepTail } from './keep-tail.ts';
import { createResultLines } from './result-lines.ts';
import { createSpoolFile, removeSpool, type SpoolEnd, type SpoolFile } from './spool-file.ts';

/** One run's output, streamed, never held. */
export interface Capture {
  /** Takes a chunk as it arrives, copying it. false: pause that stream until drained() resolves. After finish() bytes are dropped. */
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Monotonic ms (performance.now) of the last byte; of the opening before the first one. */
  readonly lastWriteAt: number;
  /** Closes the spool file and says what there is; the same answer each time. Never rejects. */
  finish(): Promise<CapturedLog>;
  /** Finishes and removes the spool file. Never rejects. */
  discard(): Promise<void>;
}

/**
 * The output of one finished run. Its beginning is in `inline`, or in the file `spoolPath`; that is all of it unless there
 * is a `problem`, and then `tail` holds its end and what is between the two is lost.
 */
export interface CapturedLog {
  readonly bytes: number;
  /** Newlines of both streams, and one for a last line without. */
  readonly lines: number;
  readonly stderrTail: Uint8Array;
  readonly results: string[];
  readonly resultsTruncated: boolean;
  readonly inline?: Uint8Array;
  readonly spoolPath?: string;
  readonly tail?: Uint8Array;
  /** What went wrong with the spool file, one sentence. */
  readonly problem?: string;
}

/** Nothing touches the disk until the output is longer than `inlineBytes`; then all of it goes to `spoolPath`. */
export function openCapture(options: { spoolPath: string; inlineBytes: number }): Capture {
  const { spoolPath, inlineBytes } = options;
  const resultLines = createResultLines();
  const stderrTail = keepTail(MAX_STDERR_TAIL);
  let head = new Uint8Array(0);
  let headBytes = 0;
  let spool: SpoolFile | undefined;
  let bytes = 0;
  let newlines = 0;
  let endsInLine = false;
  let lastWriteAt = performance.now();
  let finished: Promise<CapturedLog> | undefined;

  function write(stream: 'stdout' | 'stderr', chunk: Uint8Array): boolean {
    if (finished !== undefined || chunk.length === 0) return true;
    lastWriteAt = performance.now();
    bytes += chunk.length;
    newlines += resultLines.scan(stream, chunk);
    endsInLine = chunk[chunk.length - 1] !== 0x0a;
    if (stream === 'stderr') stderrTail.push(chunk);
    return keep(chunk);
  }

  function keep(chunk: Uint8Array): boolean {
    if (spool !== undefined) return spool.append(chunk);
    const already = headBytes;
    if (head.length === 0) head = new Uint8Array(inlineBytes);
    const first = chunk.subarray(0, inlineBytes - headBytes);
    head.set(first, headBytes);
    headBytes += first.length;
    if (already + chunk.length <= inlineBytes) return true;
    spool = createSpoolFile(spoolPath, inlineBytes);
    // The head stays in memory as well: it is what is left when the file cannot be created.
    spool.append(head.subarray(0, already));
    return spool.append(chunk);
  }

  async function close(): Promise<CapturedLog> {
    const { results, truncated } = resultLines.end();
    const counts = { bytes, lines: newlines + (endsInLine ? 1 : 0), stderrTail: stderrTail.bytes() };
    const captured = { ...counts, results, resultsTruncated: truncated };
    if (spool === undefined) return { ...captured, inline: head.slice(0, headBytes) };
    const end = await spool.close();
    if (end.problem === undefined) return { ...captured, spoolPath };
    const salvaged = salvage(bytes, head.subarray(0, headBytes), end);
    if (salvaged.inline === undefined) return { ...captured, ...salvaged, spoolPath, problem: end.problem };
    if (end.created) await removeSpool(spoolPath);
    return { ...captured, ...salvaged, problem: end.problem };
  }

  return {
    write,
    drained: () => spool?.drained() ?? Promise.resolve(),
    get lastWriteAt() {
      return lastWriteAt;
    },
    finish: () => (finished ??= close()),
    discard: async () => {
      const captured = await (finished ??= close());
      if (captured.spoolPath !== undefined) await removeSpool(captured.spoolPath);
    },
  };
}

/** What is left after the disk failed: the longer one of head and file, and the end. */
function salvage(bytes: number, head: Uint8Array, end: SpoolEnd): { inline?: Uint8Array; tail: Uint8Array } {
  const inMemory = head.length >= end.written;
  const tailAt = Math.max(bytes - end.tail.length, inMemory ? head.length : end.written);
  const tail = end.tail.slice(end.tail.length - (bytes - tailAt));
  return inMemory ? { inline: head.slice(), tail } : { tail };
}
