import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let folder: string;

/** What npm would install: the compiled sources and the data beside them, no TypeScript. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'anamo-package-'));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  node(tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist'));
  for (const name of ['package.json', 'config']) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('the command of the built package runs', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(node(join(folder, 'dist/cli/main.js'), '--version').trim()).toBe(version);
});

test('the library of the built package can be imported by its name', () => {
  const program = `console.log(Object.keys(await import('anamo')).length > 0)`;
  expect(node('--input-type=module', '-e', program).trim()).toBe('true');
});

function node(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
}
