import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { LogKey, LogRef } from '../../src/domain/log-ref.ts';
import { openCapture, type CapturedLog } from '../../src/logs/capture.ts';
import { openLog } from '../../src/logs/read-log.ts';
import type { LogSink } from '../../src/logs/sink.ts';

/** One kind of sink, ready to be used by the tests of what all sinks promise. */
export interface SinkUnderTest {
  readonly sink: LogSink;
  /** Folder for spool files. */
  readonly spoolDir: string;
  /** A longer log is cut in the middle; absent where any log is kept whole. */
  readonly maxBytes?: number;
  /** A sink of this kind whose storage does not work; absent for one that cannot fail. */
  readonly broken?: LogSink;
}

export const KEY: LogKey = { table: 'genomes', step: 'align', itemId: 'NA12878', gen: 'Xk39', fence: 3 };

const HOSTILE_IDS = [
  '../../etc/passwd',
  '/etc/passwd',
  'a/b',
  '.',
  '..',
  '...',
  '.hidden',
  '%2F',
  '%2e%2e',
  '~',
  'a b',
  ' ',
  '\t',
  'line\nbreak',
  'nul\0byte',
  'a\\b',
  'C:\\x',
  'sample:1*?',
  '-rf',
  '$HOME',
  'é',
  'e\u0301',
  '日本',
  '😀',
  '\ud800',
  'a'.repeat(200),
  '日'.repeat(66),
  '.'.repeat(200),
  ' '.repeat(200),
];

/** `start` is called once; the tests of one sink share what it gives. */
export function testSinkContract(kind: string, start: () => SinkUnderTest): void {
  describe(`the ${kind} sink`, () => {
    it.each([
      ['an empty log', Buffer.alloc(0)],
      ['text without a last newline', Buffer.from('one\ntwo')],
      ['bytes that are no text', Buffer.from([0, 0xff, 0xfe, 0x0a, 0xc3, 0x28, 0, 0x0d, 0x80])],
      ['something that is gzipped already', Buffer.from('1f8b0800000000000003030000000000', 'hex')],
    ])('gives %s back byte for byte', async (_name, content) => {
      const under = start();
      const ref = await store(under, await captured(under, content), KEY);
      expect(await read(ref)).toEqual(content);
    });

    it.each([1, 65_535, 65_536, 65_537, 5_000_003])(
      'gives %d random bytes back, or their head and end around a mark',
      async (size) => {
        const under = start();
        const content = randomBytes(size);
        const back = await read(await store(under, await captured(under, content), { ...KEY, fence: size }));
        if (size <= (under.maxBytes ?? Infinity)) {
          expect(digest(back)).toBe(digest(content));
          return;
        }
        const at = back.indexOf('\n… ');
        const mark = /^\n… ([0-9]+) bytes cut …\n/.exec(back.subarray(at).toString())?.[0] ?? 'no mark';
        const end = back.subarray(at + Buffer.byteLength(mark));
        expect(back.length).toBeLessThanOrEqual(under.maxBytes ?? 0);
        expect(digest(back.subarray(0, at))).toBe(digest(content.subarray(0, at)));
        expect(digest(end)).toBe(digest(content.subarray(content.length - end.length)));
        expect(mark).toBe(`\n… ${size - at - end.length} bytes cut …\n`);
      },
    );

    it('keeps the logs of all ids apart, and of an item and its nested tasks, of its attempts and its imports', async () => {
      const under = start();
      const keys = [
        ...HOSTILE_IDS.map((itemId) => ({ ...KEY, itemId })),
        ...[0, 1, 10].map((nested) => ({ ...KEY, nested })),
        { ...KEY, fence: 4 },
        { ...KEY, gen: 'other' },
        { ...KEY, step: '..' },
        { ...KEY, table: '...' },
      ];
      const refs = new Map<number, LogRef>();
      for (const [n, key] of keys.entries())
        refs.set(n, await store(under, await captured(under, Buffer.from(`log ${n}`)), key));
      for (const [n, ref] of refs) expect((await read(ref)).toString()).toBe(`log ${n}`);
      const places = [...refs.values()].flatMap(({ location }) => (location === undefined ? [] : [location]));
      expect(new Set(places).size).toBe(places.length);
    });

    it('changes nothing when the same log is stored again, also at the same time', async () => {
      const under = start();
      const log = await captured(under, randomBytes(300_000));
      const key = { ...KEY, itemId: 'twice' };
      const [first, second] = await Promise.all([store(under, log, key), store(under, log, key)]);
      const third = await store(under, log, key);
      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(digest(await read(third))).toBe(digest(await read(first)));
    });

    it('rejects, and leaves the captured log alone, when its storage does not work', async () => {
      const under = start();
      if (under.broken === undefined) return expect(under.sink.name).toBe('inline');
      const content = randomBytes(10_000);
      const log = await captured(under, content);
      await expect(under.broken.store(log, KEY)).rejects.toThrow(/E[A-Z]{3,}|[Aa]ccess|[Dd]enied/);
      const ref = await store(under, log, { ...KEY, itemId: 'after a failure' });
      if (under.maxBytes === undefined) expect(digest(await read(ref))).toBe(digest(content));
    });

    it('rejects when the captured log cannot be read', async () => {
      const under = start();
      const log = {
        ...(await captured(under, Buffer.from('x'))),
        bytes: 10_000,
        spoolPath: join(under.spoolDir, 'gone'),
      };
      const { inline: _, ...withoutInline } = log;
      await expect(under.sink.store(withoutInline, { ...KEY, itemId: 'never stored' })).rejects.toThrow('ENOENT');
    });

    it('says where bytes are missing that a failing spool disk lost', async () => {
      const under = start();
      const spoolPath = join(under.spoolDir, 'half');
      await writeFile(spoolPath, 'beginning');
      const log = {
        ...(await captured(under, Buffer.alloc(0))),
        bytes: 1000,
        spoolPath,
        tail: Buffer.from('end'),
        problem: 'ENOSPC',
      };
      const { inline: _, ...withoutInline } = log;
      const ref = await store(under, withoutInline, { ...KEY, itemId: 'half' });
      expect((await read(ref)).toString()).toBe('beginning\n… 988 bytes cut …\nend');
    });
  });
}

let spools = 0;

async function captured(under: SinkUnderTest, content: Uint8Array): Promise<CapturedLog> {
  const capture = openCapture({ spoolPath: join(under.spoolDir, `spool-${(spools += 1)}`), inlineBytes: 64 });
  for (let at = 0; at < content.length; at += 65_536) {
    if (!capture.write('stdout', content.subarray(at, at + 65_536))) await capture.drained();
  }
  return capture.finish();
}

async function store(under: SinkUnderTest, log: CapturedLog, key: LogKey): Promise<LogRef> {
  const { bytes, lines, stderrTail, results } = log;
  return { bytes, lines, stderrTail, results, sink: under.sink.name, ...(await under.sink.store(log, key)) };
}

async function read(ref: LogRef): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(openLog(ref)));
}

/** Two buffers of megabytes are compared by this, because a failing toEqual() would print them. */
function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
