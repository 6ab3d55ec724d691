import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CapturedLog } from '../../src/logs/capture.ts';
import { fileSink } from '../../src/logs/sinks/file.ts';
import { inlineSink } from '../../src/logs/sinks/inline.ts';
import { KEY, testSinkContract } from './log-sink-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'anamo-sinks-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
const notAFolder = join(root, 'not-a-folder');
writeFileSync(notAFolder, '');

testSinkContract('inline', () => ({ sink: inlineSink(2048), spoolDir: root, maxBytes: 2048 }));
testSinkContract('file', () => ({ sink: fileSink(join(root, 'logs')), spoolDir: root, broken: fileSink(notAFolder) }));

describe('the file sink on its disk', () => {
  const log: CapturedLog = {
    bytes: 3,
    lines: 1,
    stderrTail: new Uint8Array(0),
    results: [],
    resultsTruncated: false,
    inline: Buffer.from('one'),
  };
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'anamo-file-sink-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true });
  });

  it('puts a log where its key says, for its owner alone', async () => {
    const stored = await fileSink(join(dir, 'logs')).store(log, { ...KEY, nested: 2 });
    const path = join(dir, 'logs/genomes/align/NA12878/Task_2/Xk39-3.log.gz');
    expect('location' in stored && fileURLToPath(stored.location)).toBe(path);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    for (const folder of ['logs', 'logs/genomes/align/NA12878/Task_2']) {
      expect((await stat(join(dir, folder))).mode & 0o777).toBe(0o700);
    }
  });

  it('stays below its folder for an id that climbs', async () => {
    await fileSink(join(dir, 'a/b/logs')).store(log, { ...KEY, table: '..', step: '..', itemId: '../../../../out' });
    expect(await readdir(dir)).toEqual(['a']);
    expect(await readdir(join(dir, 'a'))).toEqual(['b']);
    expect(await readdir(join(dir, 'a/b'))).toEqual(['logs']);
  });

  it('leaves nothing half written when it fails in the middle', async () => {
    const { inline: _, ...unreadable } = { ...log, bytes: 10, spoolPath: dir };
    await expect(fileSink(join(dir, 'logs')).store(unreadable, KEY)).rejects.toThrow('EISDIR');
    expect(await readdir(join(dir, 'logs/genomes/align/NA12878/item'))).toEqual([]);
  });

  it('removes its unfinished file when the last step fails', async () => {
    const folder = join(dir, 'logs/genomes/align/NA12878/item');
    await mkdir(join(folder, 'Xk39-3.log.gz'), { recursive: true });
    await expect(fileSink(join(dir, 'logs')).store(log, KEY)).rejects.toThrow('EISDIR');
    expect(await readdir(folder)).toEqual(['Xk39-3.log.gz']);
  });

  it('knows a log that it stored before its spool file was removed', async () => {
    const sink = fileSink(dir);
    const first = await sink.store(log, KEY);
    const { inline: _, ...removed } = { ...log, spoolPath: join(dir, 'gone') };
    expect(await sink.store(removed, KEY)).toEqual(first);
    await expect(sink.store(removed, { ...KEY, fence: 4 })).rejects.toThrow('ENOENT');
  });
});
