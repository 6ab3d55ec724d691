import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readSources, source } from './support/imports.ts';
import { breaches, MAX_FILE_LINES } from './support/layout.ts';

test('src keeps to the import table, has no cycle, no long file, and a pure domain', () => {
  const sources = readSources(fileURLToPath(new URL('../src', import.meta.url)));
  expect(sources.length).toBeGreaterThan(20);
  expect(breaches(sources)).toEqual([]);
});

describe('the check itself finds', () => {
  test.each([
    ['a forbidden folder', 'store/a.ts', `import { a } from '../worker/a.ts';`, 'store may not import worker'],
    ['an import of cli', 'library/a.ts', `import { a } from '../cli/a.ts';`, 'library may not import cli'],
    ['a re-export', 'store/a.ts', `export * from '../logs/a.ts';`, 'store may not import logs'],
    ['an import for its effect', 'store/a.ts', `import '../logs/a.ts';`, 'store may not import logs'],
    ['a type in place', 'store/a.ts', `type A = import('../logs/a.ts').A;`, 'store may not import logs'],
    ['a late import', 'store/a.ts', `await import('../logs/a.ts');`, 'store may not import logs'],
    [
      'a .ts in a URL',
      'store/a.ts',
      `new URL('./b.ts', import.meta.url)`,
      'dist has no .ts: take the ending of import.meta.url',
    ],
    [
      'a value of a folder for types',
      'aws/a.ts',
      `import { a } from '../config/a.ts';`,
      'aws may import only types of config',
    ],
    ['a forbidden package', 'worker/a.ts', `import { execa } from 'execa';`, 'worker may not import execa'],
    ['a required package', 'cli/a.ts', `createRequire(import.meta.url)('dynalite')`, 'cli may not import dynalite'],
    ['a built-in without node:', 'store/a.ts', `import fs from 'fs';`, 'store may not import fs'],
    ['I/O in the domain', 'domain/a.ts', `import fs from 'node:fs';`, 'domain is pure: no node:fs'],
    ['a clock in the domain', 'domain/a.ts', 'const now = Date.now();', 'domain is pure: no Date.now'],
    [
      'what is outside src',
      'cli/a.ts',
      `import a from '../../test/a.ts';`,
      'cli may not import ../../test/a.ts: it is outside src',
    ],
    ['a new folder', 'utils/a.ts', '', 'the import table has no row for utils'],
  ])('%s', (_what, path, text, rule) => {
    expect(breaches([source(path, text)])).toEqual([`src/${path}:1 → ${rule}`]);
  });

  test('the line of an import that spans several', () => {
    const file = source('store/a.ts', `import { b } from './b.ts';\nimport {\n  a,\n} from '../worker/a.ts';\n`);
    expect(breaches([file])).toEqual(['src/store/a.ts:4 → store may not import worker']);
  });

  test('a cycle', () => {
    const files = [
      source('domain/a.ts', `import { b } from './b.ts';`),
      source('domain/b.ts', `import { c } from './c.ts';`),
      source('domain/c.ts', `import { a } from './a.ts';`),
    ];
    expect(breaches(files)).toEqual([
      'src/domain/c.ts:1 → import cycle: domain/a.ts → domain/b.ts → domain/c.ts → domain/a.ts',
    ]);
  });

  test('a file that is too long', () => {
    expect(breaches([source('domain/a.ts', 'a;\n'.repeat(MAX_FILE_LINES))])).toEqual([]);
    expect(breaches([source('domain/a.ts', 'a;\n'.repeat(MAX_FILE_LINES + 1))])).toHaveLength(1);
  });
});

describe('the check lets pass', () => {
  test.each([
    ['types of a folder for types', 'aws/a.ts', `import type { A } from '../config/a.ts';`],
    ['a type in place of a folder for types', 'aws/a.ts', `let a: import('../config/a.ts').A;`],
    ['the package file', 'library/a.ts', `createRequire(import.meta.url)('../../package.json')`],
    ['the own folder', 'store/records/a.ts', `import { a } from '../a.ts';`],
    [
      'words in comments and strings',
      'domain/a.ts',
      `// a process.\n/* Date.now */ const text = 'performance. of it';`,
    ],
  ])('%s', (_what, path, text) => {
    expect(breaches([source(path, text)])).toEqual([]);
  });
});
