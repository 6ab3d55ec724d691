import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCliRig, type CliRig } from '../support/cli-rig.ts';

let rig: CliRig;
const TABLE = ['-t', 'Example_Table', '--local'];
const HEADER = 'itemID|TaskID|TaskScript\n';

beforeAll(() => {
  rig = createCliRig();
});

afterAll(async () => {
  await rig.close();
});

/** Everything of the table by item id. */
async function itemIds(...args: string[]): Promise<string[]> {
  const { stdout } = await rig.anamo(['items', ...args, ...TABLE, '--json']);
  return (JSON.parse(stdout) as { itemId: string }[]).map((item) => item.itemId).toSorted();
}

test('--strict with a bad line makes no table', async () => {
  rig.write('bad.txt', `${HEADER}a|x|true\nb|x\nc|x|seq 1 | wc\n`);
  const result = await rig.anamo(['import', '-i', 'bad.txt', '--strict', ...TABLE]);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toMatch(
    /^line 3: TaskScript is empty\nline 4: .+\nanamo: 2 of 3 lines of bad\.txt are bad, so nothing is imported\n {2}→ .+\n$/,
  );
  expect(existsSync(path.join(rig.dir, '.anamo'))).toBe(false);
});

test('a wrong delimiter makes no table, and says which it may be', async () => {
  const result = await rig.anamo(['import', '-i', 'bad.txt', '-d', ',', ...TABLE]);
  expect(result).toMatchObject({ code: 2, stdout: '' });
  expect(result.stderr).toContain("is it -d '|'?");
  expect(existsSync(path.join(rig.dir, '.anamo'))).toBe(false);
});

test('without --strict the good lines go in', async () => {
  const result = await rig.anamo(['import', '-i', 'bad.txt', ...TABLE]);
  expect(result.code).toBe(0);
  expect(result.stdout).toContain('1 item imported, 2 bad lines left out.');
  expect(result.stderr).toMatch(/^line 3: .+\nline 4: .+\n$/);
  expect(await itemIds()).toEqual(['a']);
});

test('JSON has the numbers and the bad lines', async () => {
  const { stdout, stderr } = await rig.anamo(['import', '-i', 'bad.txt', '--json', ...TABLE]);
  expect(JSON.parse(stdout)).toMatchObject({
    imported: 0,
    skipped: 1,
    bad: 2,
    problems: [{ line: 3 }, { line: 4 }],
    created: false,
  });
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { line: number }).line),
  ).toEqual([3, 4]);
});

test('only bad lines give 3', async () => {
  expect(await rig.anamo(['import', '-i', '-', ...TABLE], { input: `${HEADER}a\n` })).toMatchObject({ code: 3 });
});

test('standard input, also with --strict, which leaves no file behind', async () => {
  const input = `${HEADER}stdin-1|x|true\n`;
  expect(await rig.anamo(['import', '-i', '-', '--strict', ...TABLE], { input })).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(readdirSync(rig.dir).filter((name) => name.startsWith('anamo-import-'))).toEqual([]);
  expect(await itemIds()).toContain('stdin-1');
});

test('JSON Lines are recognised', async () => {
  const input = '\n{"itemID":"json-1","TaskID":"x","TaskScript":"seq","TaskArgs":["1","2,3"],"Step":"qc"}\n';
  const { stdout } = await rig.anamo(['import', '-i', '-', ...TABLE], { input });
  expect(stdout).toContain('1 item imported with 2 nested tasks.');
  expect(await itemIds('--step', 'qc')).toEqual(['json-1']);
});

test('--each makes an item of each line, and its blanks stay one word', async () => {
  rig.write('samples.txt', 'S1\nS 2\n');
  const args = ['import', '--step', 'align', '--each', 'samples.txt', ...TABLE, '--', 'printf', '<%s>', '{}'];
  expect(await rig.anamo(args)).toMatchObject({ code: 2 });
  const plain = ['import', '--step', 'align', '--each', 'samples.txt', ...TABLE, '--', 'echo', '-n', '{}'];
  expect((await rig.anamo(plain)).stdout).toContain('2 items imported.');
  expect(await itemIds('--step', 'align')).toEqual(['align.S 2', 'align.S1']);
  await rig.anamo(['run', '--step', 'align', '--idle-exit', '0.2', ...TABLE]);
  expect((await rig.anamo(['logs', 'align.S 2', ...TABLE])).stdout).toBe('S 2');
});
