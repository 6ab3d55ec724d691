import fc from 'fast-check';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logPath, parseLogPath } from '../../src/domain/log-name.ts';
import type { LogKey } from '../../src/domain/log-ref.ts';

/** Characters that file systems, URIs and the encoding itself treat in a way of their own. */
const hostileCharacter = fc.constantFrom(
  '.',
  '/',
  '%',
  '~',
  '-',
  '\0',
  '\n',
  ' ',
  '\\',
  ':',
  '*',
  'é',
  '\ufeff',
  '😀',
  '\ud800',
  'a',
  '2',
  'E',
  'u',
);
const field = fc.oneof(
  fc.string({ unit: hostileCharacter, maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: hostileCharacter, minLength: 40, maxLength: 220 }),
  fc.constantFrom(
    '.',
    '..',
    'item',
    'Task_0',
    '~',
    '%2F',
    '-1.log.gz',
    'a'.repeat(200),
    `${'a'.repeat(200)}b`,
    '日'.repeat(66),
  ),
);
const key: fc.Arbitrary<LogKey> = fc.record(
  { table: field, step: field, itemId: field, nested: fc.nat(10_000), gen: field, fence: fc.nat(2 ** 31 - 1) },
  { requiredKeys: ['table', 'step', 'itemId', 'gen', 'fence'] },
);

const plain: LogKey = { table: 'genomes', step: 'align', itemId: 'NA12878.chr1', gen: 'Xk3_-9', fence: 7 };

describe('logPath', () => {
  it('leaves ordinary names as they are', () => {
    expect(logPath(plain)).toBe('genomes/align/NA12878.chr1/item/Xk3_-9-7.log.gz');
    expect(logPath({ ...plain, nested: 12 })).toBe('genomes/align/NA12878.chr1/Task_12/Xk3_-9-7.log.gz');
  });

  it.each([
    ['../../etc/passwd', '%2E.%2F..%2Fetc%2Fpasswd'],
    ['.', '%2E'],
    ['..', '%2E.'],
    ['', '%'],
    ['%2F', '%252F'],
    ['a b', 'a%20b'],
    ['~x', '%7Ex'],
    ['é', '%C3%A9'],
    ['\ud800', '%uD800'],
  ])('writes the id %j as %s', (itemId, segment) => {
    expect(logPath({ ...plain, itemId }).split('/')[2]).toBe(segment);
  });

  it('goes on in a folder of its own when an id is too long for a file name', () => {
    const segments = logPath({ ...plain, itemId: '日'.repeat(66) }).split('/');
    expect(segments.slice(2, -2).map((segment) => segment.length)).toEqual([200, 201, 195]);
    expect(segments[3]).toMatch(/^~/);
  });

  it('has only segments that every file system takes, and stays below its root', () => {
    fc.assert(
      fc.property(key, (k) => {
        const path = logPath(k);
        for (const segment of path.split('/')) {
          expect(segment).not.toMatch(/^\.|^$/);
          expect(segment).toMatch(/^[A-Za-z0-9_.%~-]{1,255}$/);
        }
        expect(posix.join('/root', path)).toBe(`/root/${path}`);
      }),
      { numRuns: 500 },
    );
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(key, (k) => {
        expect(parseLogPath(logPath(k))).toEqual(k);
      }),
      { numRuns: 1000 },
    );
  });

  it('gives different keys different paths, none a folder of another', () => {
    // A second key that differs little: one field changed, or text moved over the border of two fields.
    const pair = fc
      .tuple(key, key, fc.constantFrom('table', 'step', 'itemId', 'gen', 'all'), field)
      .map(([a, b, which, more]) => {
        if (which === 'all') return [a, b] as const;
        return [a, { ...a, [which]: fc.hash(more) % 2 === 0 ? more : a[which] + more }] as const;
      });
    fc.assert(
      fc.property(pair, ([a, b]) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(logPath(a)).not.toBe(logPath(b));
        expect(`${logPath(a)}/`.startsWith(`${logPath(b)}/`)).toBe(false);
        expect(`${logPath(b)}/`.startsWith(`${logPath(a)}/`)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps a long gen from being the folder of a file of a shorter one', () => {
    const short = { ...plain, gen: 'g'.repeat(189), fence: 11 };
    const long = { ...plain, gen: `${'g'.repeat(189)}-11.log.gz and more` };
    const path = logPath(short);
    expect(path.split('/').at(-1)).toHaveLength(199);
    expect(logPath(long).startsWith(path)).toBe(false);
  });
});

describe('parseLogPath', () => {
  it.each([
    '',
    'genomes/align/x/item',
    'genomes/align/x/item/g-1.log',
    'genomes/align/x/item/g-01.log.gz',
    'genomes/align/x/item/g--1.log.gz/more',
    'genomes/align/x/Task_01/g-1.log.gz',
    'genomes/align/x/other/g-1.log.gz',
    'genomes/align/%2f/item/g-1.log.gz',
    'genomes/align/%FF/item/g-1.log.gz',
    'genomes/align/../item/g-1.log.gz',
    'genomes/align//item/g-1.log.gz',
    'genomes/align/~x/item/g-1.log.gz',
    'genomes/align/x/item/g-99999999999999999999.log.gz',
  ])('refuses %j, which logPath() never makes', (path) => {
    expect(parseLogPath(path)).toBeUndefined();
  });
});
