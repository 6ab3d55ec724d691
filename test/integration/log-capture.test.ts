import fc from 'fast-check';
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_RESULT_BYTES, MAX_STDERR_TAIL } from '../../src/domain/limits.ts';
import { openCapture, type Capture, type CapturedLog } from '../../src/logs/capture.ts';

type Chunk = readonly ['stdout' | 'stderr', Uint8Array];

const MEBIBYTE = 1024 * 1024;
let dir: string;
let count = 0;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anamo-capture-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true });
});

function open(
  inlineBytes = 2048,
  spoolPath = join(dir, `spool-${(count += 1)}`),
): { capture: Capture; spoolPath: string } {
  return { capture: openCapture({ spoolPath, inlineBytes }), spoolPath };
}

async function capture(chunks: readonly Chunk[], inlineBytes: number): Promise<CapturedLog> {
  const { capture: opened } = open(inlineBytes);
  for (const [stream, chunk] of chunks) {
    const copied = Uint8Array.from(chunk);
    if (!opened.write(stream, copied)) await opened.drained();
    // The one who writes may use its buffer again.
    copied.fill(0x58);
  }
  return opened.finish();
}

async function contentOf(captured: CapturedLog): Promise<Uint8Array> {
  if (captured.spoolPath === undefined) return captured.inline ?? new Uint8Array(0);
  return new Uint8Array(await readFile(captured.spoolPath));
}

/** What the capture promises, the slow and simple way: everything is held, then cut into lines. */
function oracle(chunks: readonly Chunk[]): Omit<CapturedLog, 'inline' | 'spoolPath'> & { content: Uint8Array } {
  const content = Buffer.concat(chunks.map(([, chunk]) => chunk));
  const text = content.toString('latin1');
  const stderr = Buffer.concat(chunks.filter(([stream]) => stream === 'stderr').map(([, chunk]) => chunk));
  return {
    content: new Uint8Array(content),
    bytes: content.length,
    lines: text.split('\n').length - (text.endsWith('\n') || text === '' ? 1 : 0),
    stderrTail: new Uint8Array(stderr.subarray(Math.max(0, stderr.length - MAX_STDERR_TAIL))),
    ...oracleResults(chunks),
  };
}

function oracleResults(chunks: readonly Chunk[]): { results: string[]; resultsTruncated: boolean } {
  const rest = { stdout: '', stderr: '' };
  const found: string[] = [];
  const take = (line: string): void => {
    const result = /^(?:PyAnamo|anamo):\t([^]*)$/.exec(line)?.[1];
    if (result !== undefined) found.push(Buffer.from(result.replace(/\r$/, ''), 'latin1').toString('utf8'));
  };
  for (const [stream, chunk] of chunks) {
    const lines = (rest[stream] + Buffer.from(chunk).toString('latin1')).split('\n');
    rest[stream] = lines.pop() ?? '';
    lines.forEach(take);
  }
  // Last lines without newline end with the run, that of the stream that spoke first before the other.
  const spoke = [...new Set(chunks.filter(([, chunk]) => chunk.length > 0).map(([stream]) => stream))];
  for (const stream of spoke) take(rest[stream]);
  const results: string[] = [];
  let used = 0;
  for (const result of found) {
    used += Buffer.byteLength(result) + 1;
    if (used > MAX_RESULT_BYTES) return { results, resultsTruncated: true };
    results.push(result);
  }
  return { results, resultsTruncated: false };
}

/** Output with much of what matters in it: marks, parts of marks, line ends, bytes that are no text, long lines. */
const piece = fc.oneof(
  fc
    .constantFrom(
      'anamo:\t',
      'PyAnamo:\t',
      '\nanamo:\t',
      '\nPyAnamo:\t',
      'ana',
      'mo:\t',
      'Py',
      '\n',
      '\r\n',
      '\n\n',
      'é',
      '\0',
    )
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 30 }),
  fc.integer({ min: 1, max: 1500 }).map((length) => Buffer.alloc(length, 'x')),
);
const chunksArbitrary: fc.Arbitrary<Chunk[]> = fc.array(
  fc.tuple(
    fc.constantFrom('stdout' as const, 'stderr' as const),
    fc.array(piece, { maxLength: 6 }).map((pieces) => Uint8Array.from(Buffer.concat(pieces))),
  ),
  { maxLength: 25 },
);

async function openFiles(): Promise<number> {
  return (await readdir('/proc/self/fd')).length;
}

describe('a capture', () => {
  it('agrees with the simple way for any output in any chunks over two streams', async () => {
    await fc.assert(
      fc.asyncProperty(chunksArbitrary, fc.constantFrom(0, 1, 64, 2048, 100_000), async (chunks, inlineBytes) => {
        const captured = await capture(chunks, inlineBytes);
        const { content, ...expected } = oracle(chunks);
        const { inline, spoolPath, ...counts } = captured;
        expect(counts).toEqual(expected);
        expect(await contentOf(captured)).toEqual(content);
        expect(spoolPath === undefined).toBe(content.length <= inlineBytes);
        expect(inline === undefined).toBe(content.length > inlineBytes);
        if (spoolPath !== undefined) await rm(spoolPath);
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no file for output that the record can hold, and none at all when discarded', async () => {
    const small = open(100);
    small.capture.write('stdout', Buffer.alloc(100));
    await small.capture.finish();
    await expect(stat(small.spoolPath)).rejects.toThrow('ENOENT');

    const big = open(100);
    big.capture.write('stdout', Buffer.alloc(101));
    const captured = await big.capture.finish();
    expect((await stat(big.spoolPath)).size).toBe(101);
    expect(captured.inline).toBeUndefined();
    await big.capture.discard();
    await big.capture.discard();
    await expect(stat(big.spoolPath)).rejects.toThrow('ENOENT');
  });

  it('answers finish() again with the same, and drops what comes after', async () => {
    const { capture: opened } = open();
    opened.write('stdout', Buffer.from('one\n'));
    const first = opened.finish();
    expect(opened.write('stdout', Buffer.from('late\n'))).toBe(true);
    expect(await opened.finish()).toBe(await first);
    expect((await first).bytes).toBe(4);

    const spooled = open();
    spooled.capture.write('stdout', Buffer.alloc(5000));
    const finishing = spooled.capture.finish();
    spooled.capture.write('stdout', Buffer.from('late\n'));
    expect((await contentOf(await finishing)).length).toBe(5000);
  });

  it('shares no memory with what it gives away', async () => {
    const captured = await capture([['stderr', Buffer.from('abc')]], 2048);
    expect(captured.inline?.buffer.byteLength).toBe(3);
    expect(captured.stderrTail.buffer.byteLength).toBe(3);
  });

  it('tells when the last byte came', () => {
    const { capture: opened } = open();
    const openedAt = opened.lastWriteAt;
    expect(openedAt).toBeLessThanOrEqual(performance.now());
    const before = performance.now();
    opened.write('stderr', new Uint8Array(0));
    expect(opened.lastWriteAt).toBe(openedAt);
    opened.write('stderr', Buffer.from('x'));
    expect(opened.lastWriteAt).toBeGreaterThanOrEqual(before);
  });

  it('keeps the spool file for its owner', async () => {
    const { spoolPath } = await capture([['stdout', Buffer.alloc(10)]], 1);
    expect((await stat(spoolPath ?? '')).mode & 0o777).toBe(0o600);
  });
});

describe('a capture under load', () => {
  it('asks for a pause when the disk does not keep up, and wakes the writer again', async () => {
    const { capture: opened } = open();
    const chunk = Buffer.alloc(256 * 1024, 'x');
    let taken = 0;
    while (opened.write('stdout', chunk)) taken += chunk.length;
    expect(taken).toBeLessThan(2 * MEBIBYTE);
    await opened.drained();
    expect(opened.write('stdout', chunk)).toBe(true);
    const captured = await opened.finish();
    expect(captured.bytes).toBe(taken + 2 * chunk.length);
    expect((await contentOf(captured)).length).toBe(captured.bytes);
  });

  it('keeps the order of what is still on its way when the run ends', async () => {
    for (let run = 0; run < 10; run += 1) {
      const { capture: opened } = open();
      const content = randomBytes(4 * MEBIBYTE);
      for (let at = 0; at < content.length; at += 100_000) opened.write('stdout', content.subarray(at, at + 100_000));
      const captured = await opened.finish();
      expect(content.equals(await contentOf(captured))).toBe(true);
      await opened.discard();
    }
  });

  it('resolves drained() at once when there is nothing to wait for', async () => {
    const { capture: opened } = open();
    await expect(opened.drained()).resolves.toBeUndefined();
    opened.write('stdout', Buffer.alloc(5000));
    await expect(opened.drained()).resolves.toBeUndefined();
    await opened.discard();
    await expect(opened.drained()).resolves.toBeUndefined();
  });

  it('stays flat in memory for a child that prints 256 MB, with one line of 100 MB that begins as a result', async () => {
    const { capture: opened, spoolPath } = open();
    const script =
      'printf "anamo:\\t"; head -c 100M /dev/zero; echo; yes "sixteen bytes ok" | head -c 156M; echo "anamo:\tlost"; echo end >&2';
    const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const before = process.memoryUsage();
    let peak = 0;
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (chunk: Buffer) => {
        if (!opened.write(stream, chunk)) {
          child[stream].pause();
          void opened.drained().then(() => child[stream].resume());
        }
        peak = Math.max(peak, process.memoryUsage.rss());
      });
    }
    await once(child, 'close');
    const captured = await opened.finish();
    expect(captured).toMatchObject({
      results: [],
      resultsTruncated: true,
      stderrTail: new TextEncoder().encode('end\n'),
    });
    expect(captured.bytes).toBeGreaterThan(256 * MEBIBYTE);
    expect((await stat(spoolPath)).size).toBe(captured.bytes);
    expect(peak - before.rss).toBeLessThan(96 * MEBIBYTE);
    await opened.discard();
  });
});

describe('a capture on a disk that fails', () => {
  it('keeps head, end and counts when the file cannot be created', async () => {
    const { capture: opened } = open(1000, join(dir, 'missing', 'spool'));
    const content = Buffer.from(Array.from({ length: 1000 }, (_, line) => `line ${line}\n`).join(''));
    for (let at = 0; at < content.length; at += 77) opened.write('stderr', content.subarray(at, at + 77));
    const captured = await opened.finish();
    expect(captured.problem).toContain('ENOENT');
    expect(captured).toMatchObject({ bytes: content.length, lines: 1000 });
    expect(Buffer.from(captured.inline ?? []).equals(content.subarray(0, 1000))).toBe(true);
    expect(Buffer.from(captured.tail ?? []).equals(content.subarray(-1000))).toBe(true);
    expect(captured.spoolPath).toBeUndefined();
    await opened.discard();
  });

  it('does not repeat what head and end have in common', async () => {
    const { capture: opened } = open(100, join(dir, 'missing', 'spool'));
    const content = Buffer.from(Array.from({ length: 150 }, (_, byte) => byte));
    opened.write('stdout', content);
    const { inline, tail } = await opened.finish();
    expect(Buffer.concat([inline ?? Buffer.of(), tail ?? Buffer.of()])).toEqual(content);
  });

  it('neither overwrites nor removes a file that is there already', async () => {
    const spoolPath = join(dir, 'of-another');
    await writeFile(spoolPath, 'mine');
    const { capture: opened } = open(10, spoolPath);
    opened.write('stdout', Buffer.alloc(5000));
    expect((await opened.finish()).problem).toContain('EEXIST');
    await opened.discard();
    expect(await readFile(spoolPath, 'utf8')).toBe('mine');
  });

  it.each([
    ['keeps the end in memory', 400, 2048],
    ['loses nothing when the end is short enough', 103, 6000],
  ])('goes on through a disk that is full without stopping the writer, and %s', async (_what, writes, limit) => {
    // A file size limit is what a process can set itself: the kernel then fails each write past it, as a full disk does.
    const program = `
      import { openCapture } from ${JSON.stringify(new URL('../../src/logs/capture.ts', import.meta.url).href)};
      process.on('SIGXFSZ', () => undefined);
      const [spoolPath, writes, inlineBytes] = process.argv.slice(1);
      const capture = openCapture({ spoolPath, inlineBytes: Number(inlineBytes) });
      for (let n = 0; n < Number(writes); n += 1) {
        if (!capture.write('stdout', Buffer.alloc(10_000, n))) await capture.drained();
      }
      const { tail, ...captured } = await capture.finish();
      console.log(JSON.stringify({ ...captured, tail: [...tail] }));`;
    const spoolPath = join(dir, `full-${writes}`);
    const limited = [
      '-c',
      'ulimit -f 1000; exec "$0" --input-type=module-typescript -e "$@"',
      process.execPath,
      program,
    ];
    const { stdout } = await promisify(execFile)('bash', [...limited, spoolPath, String(writes), String(limit)]);
    const captured = JSON.parse(stdout) as { problem: string; tail: number[] };
    expect(captured).toMatchObject({
      spoolPath,
      bytes: writes * 10_000,
      problem: expect.stringMatching(/EFBIG|ENOSPC/),
    });
    const onDisk = await readFile(spoolPath);
    expect(onDisk).toHaveLength(1000 * 1024);
    const content = Buffer.concat(Array.from({ length: writes }, (_, n) => Buffer.alloc(10_000, n)));
    expect(onDisk.equals(content.subarray(0, onDisk.length))).toBe(true);
    const unwritten = content.subarray(onDisk.length);
    expect(captured.tail).toEqual([...unwritten.subarray(Math.max(0, unwritten.length - limit))]);
  });

  it('leaves no open file behind', async () => {
    const before = await openFiles();
    for (let run = 0; run < 20; run += 1) {
      const { capture: opened } = open(10, run % 2 === 0 ? join(dir, 'missing', 'x') : join(dir, `fd-${run}`));
      opened.write('stdout', Buffer.alloc(3 * MEBIBYTE));
      await opened.discard();
    }
    expect(await openFiles()).toBe(before);
  });
});
