import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { mkdtemp, readdir, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AnamoError } from '../../src/domain/errors.ts';
import type { LogKey, LogRef } from '../../src/domain/log-ref.ts';
import type { LogSettings } from '../../src/domain/work.ts';
import { openCapture, type CapturedLog } from '../../src/logs/capture.ts';
import { openLog } from '../../src/logs/read-log.ts';
import { storeLog } from '../../src/logs/store-log.ts';

const KEY: LogKey = { table: 'genomes', step: 'align', itemId: 'NA12878', gen: 'Xk39', fence: 3 };
const LONG = Array.from({ length: 1000 }, (_, line) => `line ${line}\n`).join('');

let dir: string;
let settings: LogSettings & { readonly fileDir: string };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'anamo-store-log-'));
  settings = { spoolDir: dir, inlineBytes: 2048, fileDir: join(dir, 'logs') };
});
afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function captured(content: string | Uint8Array, spoolPath = join(dir, 'spool')): Promise<CapturedLog> {
  const capture = openCapture({ spoolPath, inlineBytes: 2048 });
  capture.write('stderr', Buffer.from(content));
  return capture.finish();
}

async function read(ref: LogRef): Promise<string> {
  return Buffer.concat(await Array.fromAsync(openLog(ref))).toString();
}

/** What a reader gets: the error itself, to look at. */
async function errorOf(ref: LogRef): Promise<AnamoError> {
  const error = await read(ref).catch((thrown: unknown) => thrown);
  if (error instanceof AnamoError) return error;
  throw new Error(`no AnamoError: ${String(error)}`);
}

describe('storeLog', () => {
  it('stores no bytes nowhere', async () => {
    const ref = await storeLog(await captured(''), KEY, settings);
    expect(ref).toEqual({ bytes: 0, lines: 0, sink: 'none', stderrTail: new Uint8Array(0), results: [] });
    expect(await read(ref)).toBe('');
  });

  it('keeps a short log in the record, without a file', async () => {
    const ref = await storeLog(await captured('anamo:\treads 12\nbye\n'), KEY, settings);
    expect(ref).toMatchObject({ bytes: 20, lines: 2, sink: 'inline', results: ['reads 12'] });
    expect(ref.fallback).toBeUndefined();
    expect(await read(ref)).toBe('anamo:\treads 12\nbye\n');
    expect(await readdir(dir)).toEqual([]);
  });

  it('stores a long one as a file, and removes the spool file', async () => {
    const ref = await storeLog(await captured(LONG), KEY, settings);
    expect(ref).toMatchObject({ bytes: LONG.length, lines: 1000, sink: 'file' });
    expect(ref).not.toHaveProperty('fallback');
    expect(ref).not.toHaveProperty('inline');
    expect(await read(ref)).toBe(LONG);
    expect(Buffer.from(ref.stderrTail).toString()).toBe(LONG.slice(-2048));
    expect(await readdir(dir)).toEqual(['logs']);
  });

  it('goes by the settings where they differ from those of the capture', async () => {
    const larger = await storeLog(await captured(LONG), KEY, { ...settings, inlineBytes: 20_000 });
    expect(larger.sink).toBe('inline');
    expect(await read(larger)).toBe(LONG);
    const smaller = await storeLog(await captured('a short one'), KEY, { ...settings, inlineBytes: 5 });
    expect(smaller.sink).toBe('file');
    expect(await read(smaller)).toBe('a short one');
  });

  it('says that the sink that was asked for is not there', async () => {
    const unavailable = { sink: 's3', reason: 'this version does not write to S3' };
    const ref = await storeLog(await captured(LONG), KEY, { ...settings, unavailable });
    expect(ref).toMatchObject({ sink: 'file', fallback: { from: 's3', reason: unavailable.reason } });
  });

  it('keeps head and end in the record when the file sink fails, and says why', async () => {
    await writeFile(settings.fileDir, 'not a folder');
    const ref = await storeLog(await captured(LONG), KEY, settings);
    expect(ref.sink).toBe('inline');
    expect(ref.fallback).toMatchObject({ from: 'file', reason: expect.stringMatching(/ENOTDIR|EEXIST/) });
    expect(ref.inline?.length).toBeLessThanOrEqual(settings.inlineBytes);
    const [head = '', cut, end = ''] = (await read(ref)).split(/\n… ([0-9]+) bytes cut …\n/);
    expect(LONG.startsWith(head)).toBe(true);
    expect(LONG.endsWith(end)).toBe(true);
    expect(Math.min(head.length, end.length)).toBeGreaterThan(950);
    expect(head.length + Number(cut) + end.length).toBe(LONG.length);
    expect(await readdir(dir)).toEqual(['logs']);
  });

  it('keeps head and end when there is nowhere to go', async () => {
    const ref = await storeLog(await captured(LONG), KEY, { spoolDir: dir, inlineBytes: 2048 });
    expect(ref).toMatchObject({ sink: 'inline', fallback: { from: 'file' } });
    expect(await readdir(dir)).toEqual([]);
  });

  it('names all reasons when one after the other failed', async () => {
    await writeFile(settings.fileDir, 'not a folder');
    const unavailable = { sink: 's3', reason: 'no bucket' };
    const ref = await storeLog(await captured(LONG), KEY, { ...settings, unavailable });
    expect(ref.fallback).toMatchObject({ from: 's3', reason: expect.stringMatching(/^no bucket; file: E/) });
  });

  it('keeps a reason short enough for the record', async () => {
    const ref = await storeLog(await captured(LONG), KEY, { ...settings, fileDir: join(dir, 'x'.repeat(1000)) });
    expect(ref.fallback?.reason).toMatch(/^ENAMETOOLONG.{280,300}…$/);
  });

  it('stores what is left when the spool disk failed, and says so', async () => {
    const ref = await storeLog(await captured(LONG, join(dir, 'missing/spool')), KEY, settings);
    expect(ref).toMatchObject({ sink: 'file', bytes: LONG.length, lines: 1000, fallback: { from: 'spool' } });
    expect(ref.fallback?.reason).toContain('ENOENT');
    const lost = LONG.length - 2 * 2048;
    expect(await read(ref)).toBe(`${LONG.slice(0, 2048)}\n… ${lost} bytes cut …\n${LONG.slice(-2048)}`);
  });

  it('keeps counts and the end of stderr when even the spool file is gone', async () => {
    const log = await captured(LONG);
    await rm(join(dir, 'spool'));
    const ref = await storeLog(log, KEY, settings);
    expect(ref).toMatchObject({ sink: 'inline', bytes: LONG.length, lines: 1000 });
    expect(ref.fallback?.reason).toMatch(/^ENOENT.*; inline: ENOENT/);
    expect(await read(ref)).toBe(`\n… ${LONG.length} bytes cut …\n`);
    expect(Buffer.from(ref.stderrTail).toString()).toBe(LONG.slice(-2048));
  });

  it('closes the files that it read', async () => {
    const path = join(dir, 'spool');
    await storeLog(await captured(LONG, path), KEY, settings);
    await storeLog(await captured(LONG, path), KEY, { spoolDir: dir, inlineBytes: 100 });
    // A file that was removed while open has this at the end of its name.
    expect([await isOpen(path), await isOpen(`${path} (deleted)`)]).toEqual([false, false]);
  });

  it('keeps within a limit that is smaller than the mark', async () => {
    for (const inlineBytes of [0, 1, 10, 30, 31, 40]) {
      const ref = await storeLog(await captured(LONG), KEY, { spoolDir: dir, inlineBytes });
      expect(ref.inline?.length).toBeLessThanOrEqual(inlineBytes);
    }
  });

  it('shares no memory with the rest of the program, for the record goes to another thread', async () => {
    const short = await storeLog(await captured('short'), KEY, settings);
    const cut = await storeLog(await captured(LONG), KEY, { spoolDir: dir, inlineBytes: 100 });
    for (const { inline } of [short, cut]) expect(inline?.buffer.byteLength).toBe(inline?.length);
  });
});

describe('storeLog on a disk that fills up', () => {
  it('keeps head and end in the record and leaves nothing behind', async () => {
    // A file size limit is what a process can set itself: the kernel then fails each write past it, as a full disk does.
    const program = `
      import { storeLog } from ${JSON.stringify(new URL('../../src/logs/store-log.ts', import.meta.url).href)};
      process.on('SIGXFSZ', () => undefined);
      const [captured, key, settings] = JSON.parse(process.argv[1]);
      console.log(JSON.stringify(await storeLog({ ...captured, stderrTail: new Uint8Array(0) }, key, settings)));`;
    const content = randomBytes(1_000_000);
    const argument = JSON.stringify([await captured(content), KEY, settings]);
    const command = ['-c', 'ulimit -f 100; exec "$0" --input-type=module-typescript -e "$1" "$2"', process.execPath];
    const { stdout } = await promisify(execFile)('bash', [...command, program, argument]);
    const ref = JSON.parse(stdout) as Record<string, unknown>;
    expect(ref).toMatchObject({ sink: 'inline', bytes: content.length, fallback: { from: 'file' } });
    expect(JSON.stringify(ref['fallback'])).toMatch(/EFBIG|ENOSPC/);
    const inline = Buffer.from(Object.values(ref['inline'] as Record<string, number>));
    expect(inline.subarray(0, 900)).toEqual(content.subarray(0, 900));
    expect(inline.subarray(-900)).toEqual(content.subarray(-900));
    expect(await readdir(dir)).toEqual(['logs']);
    expect(await readdir(join(settings.fileDir, 'genomes/align/NA12878/item'))).toEqual([]);
  });
});

describe('openLog', () => {
  const base = { bytes: 3, lines: 1, stderrTail: new Uint8Array(0), results: [] };

  it('says where a log is not, and what to do', async () => {
    const path = join(dir, 'moved away.log.gz');
    const error = await errorOf({ ...base, sink: 'file', location: pathToFileURL(path).href });
    expect(error).toMatchObject({ code: 'LOG_UNREADABLE', message: `there is no log at ${path}` });
    expect(error.hint).toContain('the machine that wrote it');
  });

  it.each([
    ['a file that is not gzipped', Buffer.from('plain text'), /incorrect header/],
    ['a file that was cut', gzipSync(Buffer.from(LONG)).subarray(0, 500), /unexpected end/],
  ])('does not take %s for a log', async (_name, content, reason) => {
    await writeFile(join(dir, 'x'), content);
    const error = await errorOf({ ...base, sink: 'file', location: pathToFileURL(join(dir, 'x')).href });
    expect(error.code).toBe('LOG_UNREADABLE');
    expect(error.message).toMatch(reason);
  });

  it.each([
    [{ sink: 'file', location: 'http://localhost/log.gz' }],
    [{ sink: 'file', location: '/etc/passwd' }],
    [{ sink: 'file', location: 'file://another-host/log.gz' }],
    [{ sink: 'file', location: 'file:///a%2Fb' }],
    [{ sink: 'file' }],
    [{ sink: 'inline' }],
    [{ sink: 's3', location: 's3://bucket/key' }],
    [{ sink: 'cloudwatch', location: 'cloudwatch://group/stream' }],
  ] as const)('refuses %j', async (place) => {
    expect((await errorOf({ ...base, ...place })).code).toBe('LOG_UNREADABLE');
  });

  it('closes the file when the reader has seen enough', async () => {
    const ref = await storeLog(await captured(Buffer.alloc(3_000_000, 'x')), KEY, settings);
    const path = fileURLToPath(ref.location ?? '');
    for await (const chunk of openLog(ref)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    await expect.poll(() => isOpen(path)).toBe(false);
  });

  it('notices a log that was cut after it was stored', async () => {
    const ref = await storeLog(await captured(LONG), KEY, settings);
    const path = fileURLToPath(ref.location ?? '');
    await truncate(path, (await stat(path)).size - 9);
    expect((await errorOf(ref)).message).toContain('unexpected end');
  });
});

async function isOpen(path: string): Promise<boolean> {
  const targets = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(targets)).includes(path);
}
