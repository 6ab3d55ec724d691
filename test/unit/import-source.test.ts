import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillWords } from '../../src/domain/fill-words.ts';
import { parseScript } from '../../src/domain/shell-words.ts';
import { readDelimited, readEach, readJsonLines, type EachOptions } from '../../src/library/import-source.ts';
import type { ImportEntry } from '../../src/library/types.ts';

const HEADER = 'itemID|TaskID|TaskScript|TaskArgs\n';
const OPTIONS = { delimiter: '|', nestedDelimiter: ',', defaultStep: 'T1' };

/** In pieces of some bytes, so that lines and characters are cut anywhere. */
function inputOf(text: string | Uint8Array, pieceBytes = 7): Readable {
  const bytes = Buffer.from(text);
  const count = Math.ceil(bytes.length / pieceBytes);
  return Readable.from(
    Array.from({ length: count }, (_, index) => bytes.subarray(index * pieceBytes, (index + 1) * pieceBytes)),
  );
}

async function delimited(text: string | Uint8Array, options = OPTIONS, pieceBytes = 7): Promise<ImportEntry[]> {
  return Array.fromAsync(readDelimited(inputOf(text, pieceBytes), options));
}

async function each(text: string, options: Partial<EachOptions>): Promise<ImportEntry[]> {
  return Array.fromAsync(readEach(inputOf(text), { template: ['cmd'], defaultStep: 'T1', ...options }));
}

function brief(entries: readonly ImportEntry[]): unknown[] {
  return entries.map((entry) => {
    if (!('item' in entry)) return [entry.line, entry.problem];
    const { itemId, taskId, script, nestedArgs } = entry.item;
    return [entry.line, itemId, taskId, script, ...(nestedArgs === undefined ? [] : [nestedArgs])];
  });
}

function fixture(name: string): Readable {
  return createReadStream(new URL(`../fixtures/${name}`, import.meta.url));
}

describe('the files of the first readme', () => {
  test('single items', async () => {
    const entries = await Array.fromAsync(
      readDelimited(fixture('import-testing.txt'), { delimiter: '|', defaultStep: 'T' }),
    );
    expect(brief(entries)).toEqual([
      [3, 'Seq_Test_1', 'Task_1', 'seq 1'],
      [4, 'Seq_Test_2', 'Task_1', 'seq 2'],
      [5, 'Sample1_chr1-3', 'Sample1', 'bash use_cases/example_docker/HaplotypeCaller Sample1 chr1,chr2,chr3'],
      [6, 'Level_1_Time', 'Level_1', 'bash SuperMarioPlayTimeOptimizer.sh 1 Easy,Normal,Hard'],
      [7, 'Level_2_Time', 'Level_2', 'bash SuperMarioPlayTimeOptimizer.sh 2 Easy,Normal,Hard'],
    ]);
  });

  test('nested items, one of them without arguments', async () => {
    const entries = await Array.fromAsync(readDelimited(fixture('import-nested-testing.txt'), OPTIONS));
    expect(brief(entries)).toEqual([
      [3, 'Seq_Tests', 'Seq_8_2_1', 'seq', ['8', '2', '1']],
      [4, 'Sample1', 'Sample1', 'bash use_cases/example_docker/HaplotypeCaller Sample_1', ['chr1', 'chr2', 'chr3']],
      [5, 'Level_1_Difficulty_Time', 'Level_1', 'bash SuperMarioPlayTimeOptimizer.sh 1', ['Easy', 'Normal', 'Hard']],
      [6, 'Level_2_Time', 'Level_2', 'bash SuperMarioPlayTimeOptimizer.sh 2 Easy,Normal,Hard'],
    ]);
  });
});

describe('quotes in a delimited line', () => {
  test.each<[string, string, string[]?]>([
    ['bash -c "echo hi"|a', 'bash -c "echo hi"', ['a']],
    ['"my prog" -c "x y"|a', '"my prog" -c "x y"', ['a']],
    ['"echo a,""b|c"""|"a,b"', 'echo a,"b|c"', ['a', 'b']],
    ["echo 'a b' \\\"", "echo 'a b' \\\""],
    ['echo ""|', 'echo ""'],
    ['echo "a\rb"', 'echo "a\rb"'],
  ])('%j', async (rest, script, args) => {
    const entries = await delimited(`${HEADER}i|t|${rest}\n`);
    expect(brief(entries)).toEqual([[2, 'i', 't', script, ...(args === undefined ? [] : [args])]]);
  });

  test('one that is lost costs its own line only', async () => {
    const entries = await delimited(`${HEADER}a|t|"echo\nb|t|echo "x"\nc|t|echo\n`);
    expect(brief(entries)).toEqual([
      [2, expect.stringContaining('is not closed on this line')],
      [3, 'b', 't', 'echo "x"'],
      [4, 'c', 't', 'echo'],
    ]);
  });
});

describe('lines', () => {
  test.each([1, 2, 3, 1000])('are the same in pieces of %i bytes, whatever ends them', async (pieceBytes) => {
    const text = `\uFEFF\r\n \t \n${HEADER.trim()}\r\n\r\nä|t|é😀 x\r\n\n   \n b | t |y\nc|t|z`;
    expect(brief(await delimited(text, OPTIONS, pieceBytes))).toEqual([
      [5, 'ä', 't', 'é😀 x'],
      [8, 'b', 't', 'y'],
      [9, 'c', 't', 'z'],
    ]);
  });

  test('that cannot be read are problems, and reading goes on', async () => {
    const long = `l|t|${'x'.repeat(1024 * 1024)}`;
    const text = Buffer.concat([
      Buffer.from(`${HEADER}${long}\na|t|`),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\nb|t|x\nc|t|x|y|z\nd|t|x'),
    ]);
    expect(brief(await delimited(text, OPTIONS, 60_000))).toEqual([
      [2, 'the line is longer than 1048576 bytes'],
      [3, 'the line is not UTF-8'],
      [4, 'b', 't', 'x'],
      [5, expect.stringContaining('5 fields but 4 columns')],
      [6, 'd', 't', 'x'],
    ]);
  });

  test('may be many: only the length of one line counts', async () => {
    const entries = await delimited(HEADER + `i|t|${'x'.repeat(10_000)}\n`.repeat(300), OPTIONS, 65_536);
    expect(entries.length).toBe(300);
    expect(entries.every((entry) => 'item' in entry)).toBe(true);
  });

  test('with a quoted field give back any text', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', 'é', '"', "'", '\\"', ',', '|', ' ', '\t') });
    const property = fc.asyncProperty(fc.array(field, { minLength: 1 }), async (scripts) => {
      const quoted = scripts.map((script) => `i|t|"${script.replaceAll('"', '""')}x"\n`).join('');
      const options = { ...OPTIONS, shellDefault: true };
      const entries = await delimited(HEADER + quoted, options);
      expect(entries.map((entry) => 'item' in entry && entry.item.script)).toEqual(scripts.map((s) => `${s}x`.trim()));
    });
    await fc.assert(property, { numRuns: 100 });
  });

  test('are taken one chunk at a time', async () => {
    let pulled = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from(HEADER);
      for (;;) {
        pulled += 1;
        yield Buffer.from('i|t|x\n'.repeat(10));
        await Promise.resolve();
      }
    }
    const entries = readDelimited(endless(), OPTIONS);
    for (let taken = 0; taken < 25; taken++) await entries.next();
    await entries.return(undefined);
    expect(pulled).toBe(3);
  });
});

describe('a delimited file is refused', () => {
  test.each<[string, string, string]>([
    ['', 'the input is empty', 'at least itemID, TaskID and TaskScript'],
    ['\n  \n', 'the input is empty', 'at least itemID, TaskID and TaskScript'],
    ['a|b|seq 1\n', 'line 1 is no header', 'the first line names the columns'],
    ['itemID,TaskID,TaskScript\n', 'seen was "itemID,TaskID,TaskScript"', "is it -d ','?"],
    ['itemID\tTaskID\tTaskScript\n', 'line 1 is no header', String.raw`is it -d '\t'?`],
    ['\nitemID|TaskID|Script|"x\n', 'line 2, the header: a double quote opens', 'the first line names'],
  ])('with the header %j', async (text, message, hint) => {
    await expect(delimited(text)).rejects.toMatchObject({
      code: 'IMPORT_HEADER',
      message: expect.stringContaining(message) as unknown,
      hint: expect.stringContaining(hint) as unknown,
    });
  });

  test.each(['', '||', '"', '\n', 'tab'])('with the delimiter %j', async (delimiter) => {
    await expect(delimited(HEADER, { ...OPTIONS, delimiter })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(delimited(HEADER, { ...OPTIONS, nestedDelimiter: delimiter })).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  test('with one delimiter for both', async () => {
    await expect(delimited(HEADER, { ...OPTIONS, nestedDelimiter: '|' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('when it is UTF-16 or cannot be read', async () => {
    await expect(delimited(Buffer.from(`\uFEFF${HEADER}`, 'utf16le'))).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
    });
    const folder = createReadStream(tmpdir());
    await expect(Array.fromAsync(readDelimited(folder, OPTIONS))).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});

test.each([
  [String.raw`\t`, '\t'],
  ['→', '→'],
  ['😀', '😀'],
  [' ', ' '],
])('the delimiter %j', async (delimiter, between) => {
  const text = ['itemID', 'TaskID', 'TaskScript'].join(between) + `\ni${between}t${between}"a ""b"""`;
  expect(brief(await delimited(text, { ...OPTIONS, delimiter }))).toEqual([[2, 'i', 't', 'a "b"']]);
});

test('JSON Lines: a bad line is a problem of its own', async () => {
  const good = { itemId: 'i', taskId: 't', script: 'a {}', args: ['x|"y"'] };
  const text = `\uFEFF${JSON.stringify(good)}\r\n\n{"itemId":\n[1]\n${JSON.stringify({ ...good, itemId: 'j' })}`;
  const entries = await Array.fromAsync(readJsonLines(inputOf(text), { defaultStep: 'T1' }));
  expect(brief(entries)).toEqual([
    [1, 'i', 't', 'a {}', ['x|"y"']],
    [3, expect.stringContaining('the line is not one JSON object')],
    [4, 'must be one JSON object'],
    [5, 'j', 't', 'a {}', ['x|"y"']],
  ]);
});

describe('a list of samples', () => {
  test('gives one item each', async () => {
    const entries = await each('S1\r\n\n  S 2 \n', { template: ['bash', 'my run.sh', '{}.bam', 'x{}'], step: 'align' });
    expect(brief(entries)).toEqual([
      [1, 'align.S1', 'S1', "bash 'my run.sh' S1.bam xS1"],
      [3, 'align.S 2', 'S 2', "bash 'my run.sh' 'S 2.bam' 'xS 2'"],
    ]);
    expect(entries.map((entry) => 'item' in entry && entry.item.step)).toEqual(['align', 'align']);
    expect(brief(await each('S1', { idTemplate: '{}-qc-{}' }))).toEqual([[1, 'S1-qc-S1', 'S1', 'cmd S1']]);
  });

  test('keeps any sample one word, exactly as it is', async () => {
    const unit = fc.constantFrom(...'ab\'"$`\\|&;<>(){}#*~= é'.split(''), '{}', '$X');
    const sample = fc.string({ unit, minLength: 1, maxLength: 40 }).filter((text) => text.trim() === text);
    const property = fc.asyncProperty(sample, async (text) => {
      const [entry] = await each(text, { template: ['cmd', 'x{}y', '$HOME'] });
      const parsed = parseScript(entry !== undefined && 'item' in entry ? entry.item.script : '');
      expect(parsed.ok && fillWords(parsed.words, { env: {} })).toEqual({
        ok: true,
        argv: ['cmd', `x${text}y`, '$HOME'],
      });
    });
    await fc.assert(property, { numRuns: 300 });
  });

  test('with --shell and one word is a script for bash', async () => {
    const [entry] = await each('S 1', { template: ['cmd "{}" | wc'], shellDefault: true });
    expect(entry).toMatchObject({ item: { shell: true, script: `__anamo_arg='S 1'; cmd "\${__anamo_arg}" | wc` } });
  });

  test.each<[Partial<EachOptions>, string]>([
    [{ template: [] }, 'needs a command'],
    [{ template: ['cmd {}'] }, 'one word with blanks'],
    [{ template: ['cmd', '{}', '|', 'wc'] }, 'a shell operator in the command: |'],
    [{ template: ['cmd', '{}', '2>err'], shellDefault: true }, 'a shell operator in the command: 2>err'],
    [{ template: ['cmd;'], shellDefault: true }, 'the sample has no place in the script'],
    [{ idTemplate: 'all' }, 'has no {} for the sample'],
  ])('%j is refused', async (options, message) => {
    await expect(each('S1', options)).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message) as unknown,
    });
  });

  test('with --no-shell takes operators as they are', async () => {
    const [entry] = await each('S1', { template: ['cmd', '|'], shellDefault: false });
    expect(entry).toMatchObject({ item: { script: "cmd '|' S1" } });
  });
});

test('a file is closed when reading ends early', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'anamo-import-'));
  try {
    await writeFile(join(folder, 'in.txt'), HEADER + 'i|t|x\n'.repeat(100_000));
    const file = createReadStream(join(folder, 'in.txt'));
    // Not events.once: being ended early is an 'error' of the stream.
    const closed = new Promise<void>((resolve) => file.once('close', () => resolve()));
    for await (const entry of readDelimited(file, OPTIONS)) {
      expect(entry.line).toBe(2);
      break;
    }
    await closed;
    expect(file.destroyed).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
