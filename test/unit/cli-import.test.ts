import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { peek, readEntries } from '../../src/cli/import/entries.ts';
import { createProgressBar } from '../../src/cli/import/progress-bar.ts';
import { readRequest } from '../../src/cli/import/request.ts';
import type { ImportEntry } from '../../src/library/types.ts';

async function* chunks(...parts: string[]): AsyncGenerator<string> {
  yield* parts;
}

async function ids(entries: AsyncIterable<ImportEntry>): Promise<unknown[]> {
  const found = await Array.fromAsync(entries);
  return found.map((entry) => ('item' in entry ? [entry.item.itemId, entry.item.step] : [entry.line, entry.problem]));
}

describe('the format of an input', () => {
  const header = 'itemID|TaskID|TaskScript\n';
  const object = '{"itemID":"a","TaskID":"x","TaskScript":"true"}\n';

  test.each([
    ['a header', {}, [header, 'a|x|true\n'], [['a', 'Example']]],
    ['an object', {}, [object], [['a', 'Example']]],
    ['an object after blank chunks and a byte order mark', {}, ['\uFEFF', '\n\n ', object], [['a', 'Example']]],
    ['first character in a chunk of its own', {}, ['i', 'temID|TaskID|TaskScript\na|x|true\n'], [['a', 'Example']]],
    ['--format jsonl', { format: 'jsonl' }, [object], [['a', 'Example']]],
    ['--step', { step: 'qc' }, [header, 'a|x|true\n'], [['a', 'qc']]],
    ['another delimiter', { delimiter: ',' }, ['itemID,TaskID,TaskScript\na,x,true\n'], [['a', 'Example']]],
  ])('%s', async (_what, options, parts, expected) => {
    const request = readRequest({ input: '-', ...options }, []);
    expect(await ids(readEntries(chunks(...parts), request, 'Example'))).toEqual(expected);
  });

  test('--each', async () => {
    const request = readRequest({ each: '-', step: 'align', id: 'run-{}' }, ['bash', 'align.sh', '{}']);
    expect(await ids(readEntries(chunks('S1\nS2\n'), request, 'Example'))).toEqual([
      ['run-S1', 'align'],
      ['run-S2', 'align'],
    ]);
  });
});

test('peek loses nothing, passes an early error on, and closes its source', async () => {
  const closed: string[] = [];
  async function* source(): AsyncGenerator<ImportEntry> {
    try {
      for (const line of [1, 2, 3]) yield { line, problem: 'x' };
    } finally {
      closed.push('closed');
    }
  }
  expect(await ids(await peek(source()))).toEqual([
    [1, 'x'],
    [2, 'x'],
    [3, 'x'],
  ]);
  for await (const entry of await peek(source())) if (entry.line === 2) break;
  expect(closed).toEqual(['closed', 'closed']);
  const request = readRequest({ input: '-' }, []);
  await expect(peek(readEntries(chunks('no header\n'), request, 'Example'))).rejects.toMatchObject({
    code: 'IMPORT_HEADER',
  });
});

describe('the progress bar', () => {
  const progress = { lines: 50, imported: 40, nestedImported: 0, skipped: 9, bad: 1 };

  function draw(isTTY: boolean, total: number | undefined) {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 });
    let now = 1000;
    const bar = createProgressBar(stream, total, () => now);
    return { bar, tick: (ms: number) => (now += ms), text: () => String(stream.read() ?? '') };
  }

  test('shows how much of the lines is read', () => {
    const { bar, text } = draw(true, 100);
    bar.update(progress);
    expect(text()).toContain('[############............] 50 of 100 lines, 40 imported, 9 skipped, 1 bad');
  });

  test('is drawn at most ten times a second, keeps below what is said, and goes away', () => {
    const { bar, tick, text } = draw(true, undefined);
    bar.update(progress);
    tick(50);
    bar.update({ ...progress, lines: 51 });
    expect(text()).not.toContain('51 lines');
    bar.say('line 7: bad');
    expect(text()).toMatch(/^\r\u001B\[Kline 7: bad\n50 lines/);
    bar.end();
    expect(text()).toBe('\r\u001B[K');
  });

  test('without a terminal only what is said shows', () => {
    const { bar, text } = draw(false, 100);
    bar.update(progress);
    bar.say('line 7: bad');
    bar.end();
    expect(text()).toBe('line 7: bad\n');
  });
});
