import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig, type ConfigInput } from '../../src/config/load.ts';
import { CONFIG_KEYS, SETTINGS, envName, readSetting, type ConfigKey } from '../../src/config/schema.ts';
import { AnamoError } from '../../src/domain/errors.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(path.join(os.tmpdir(), 'anamo-config-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function load(input: Partial<ConfigInput> = {}) {
  return loadConfig({ flags: {}, env: {}, cwd, ...input });
}

function problemOf(input: Partial<ConfigInput>): AnamoError {
  try {
    load(input);
  } catch (error) {
    if (error instanceof AnamoError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

function writeFile(content: unknown, name = 'anamo.json'): void {
  writeFileSync(path.join(cwd, name), typeof content === 'string' ? content : JSON.stringify(content));
}

describe('precedence', () => {
  const flags = { items: '2' };
  const both = { ANAMO_ITEMS: '3', PYANAMO_ITEMS: '4' };

  test.each([
    ['flag beats all', { flags, env: both }, 2, { kind: 'flag', name: '-i/--items' }],
    ['ANAMO_ITEMS beats PYANAMO_ITEMS', { env: both }, 3, { kind: 'env', name: 'ANAMO_ITEMS' }],
    ['PYANAMO_ITEMS beats the file', { env: { PYANAMO_ITEMS: '4' } }, 4, { kind: 'env', name: 'PYANAMO_ITEMS' }],
    [
      'an empty variable says nothing',
      { env: { PYANAMO_ITEMS: ' ' } },
      5,
      { kind: 'file', path: './anamo.json', key: 'items' },
    ],
    ['the file beats the default', {}, 5, { kind: 'file', path: './anamo.json', key: 'items' }],
    ['--config instead of ./anamo.json', { file: 'other.json' }, 6, { kind: 'file', path: 'other.json', key: 'items' }],
  ] as const)('%s', (_what, input, items, source) => {
    writeFile({ items: 5 });
    writeFile({ items: 6 }, 'other.json');
    const { config, sourceOf } = load(input);
    expect(config.items).toBe(items);
    expect(sourceOf('items')).toEqual(source);
  });

  test('the default, and a null in the file says nothing', () => {
    expect(load().config.items).toBe(1);
    writeFile({ items: null, idleExit: null });
    expect(load().config).toMatchObject({ items: 1, idleExitMs: 30_000 });
  });

  test.each([
    ['PYANAMO_TABLE', 'Example_Table', 'table', 'Example_Table'],
    ['S3_BUCKET', 'some-bucket', 'bucket', 'some-bucket'],
    ['AWS_REGION', 'eu-west-1', 'region', 'eu-west-1'],
    ['AWS_DEFAULT_REGION', 'eu-west-1', 'region', 'eu-west-1'],
    ['PYANAMO_ITEMS', '3', 'items', 3],
    ['PYANAMO_NESTS', '4', 'nests', 4],
    ['ANAMO_IDLE_EXIT', '90', 'idleExitMs', 90_000],
    ['ANAMO_WALL', '2h', 'wallMs', 7_200_000],
    ['ANAMO_LOCAL', 'true', 'local', '.anamo'],
    ['ANAMO_STEPS', 'align, call', 'steps', ['align', 'call']],
    ['ANAMO_STRICT', 'yes', 'strict', true],
    ['ANAMO_CODE_VERSION', 'v1.2', 'codeVersion', 'v1.2'],
  ] as const)('%s is read', (name, text, key, value) => {
    expect(load({ env: { [name]: text } }).config[key]).toEqual(value);
  });

  test('AWS_REGION beats AWS_DEFAULT_REGION', () => {
    const regions = { AWS_REGION: 'eu-west-1', AWS_DEFAULT_REGION: 'us-east-1' };
    expect(load({ env: regions }).config.region).toBe('eu-west-1');
  });

  test('of local and endpointUrl the stronger source decides', () => {
    writeFile({ local: 'data' });
    const given = { flags: { endpointUrl: 'http://localhost:8000' } };
    expect(load(given).config).toMatchObject({ local: undefined, endpointUrl: 'http://localhost:8000' });
    const other = { flags: { local: true }, env: { ANAMO_ENDPOINT_URL: 'http://localhost:8000' } };
    expect(load(other).config).toMatchObject({ local: '.anamo', endpointUrl: undefined });
  });
});

describe('what is wrong', () => {
  test('all at once, each with where its value came from', () => {
    writeFile({ inlineBytes: 'many', tabl: 'x', progress: 'loud' });
    const error = problemOf({ flags: { items: '0', wall: 'soon' }, env: { PYANAMO_NESTS: '1.5' } });
    expect(error.code).toBe('CONFIG_INVALID');
    const expected = [
      '6 settings are wrong:',
      '"tabl" in file ./anamo.json is no setting; did you mean "table"?',
      'items must be a whole number from 1 to 256, not "0" (flag -i/--items)',
      'nests must be a whole number from 1 to 512, not "1.5" (environment PYANAMO_NESTS)',
      'wall must be a duration like 90 (seconds), 90s, 15m, 1.5h or 1d, not "soon" (flag -w/--wall)',
      'inlineBytes must be a whole number from 0 to 65536, not "many" (file ./anamo.json key inlineBytes)',
      'progress must be one of auto, live, json, none, not "loud" (file ./anamo.json key progress)',
    ];
    expect(error.message.split('\n').map((line) => line.replace('  - ', ''))).toEqual(expected);
  });

  test.each<[string, Partial<ConfigInput>, string[]]>([
    [
      'grace longer than stopTimeout',
      { flags: { stopTimeout: '5' }, env: { ANAMO_GRACE: '6' } },
      ['grace (6 s, environment ANAMO_GRACE)', 'stopTimeout (5 s, flag --stop-timeout)'],
    ],
    [
      'stopTimeout shorter than the default grace',
      { flags: { stopTimeout: '5' } },
      ['grace (8 s, default)', 'stopTimeout (5 s, flag --stop-timeout)'],
    ],
    [
      'silentTimeout longer than timeout',
      { flags: { timeout: '1m', silentTimeout: '2m' } },
      ['silentTimeout (120 s, flag --silent-timeout)', 'timeout (60 s, flag --timeout)'],
    ],
    [
      'json and a live view',
      { flags: { json: true, progress: 'live' } },
      ['json (true, flag --json)', 'progress (live, flag --progress)'],
    ],
    [
      'local and endpointUrl from the same place',
      { flags: { local: 'a', endpointUrl: 'http://h:1' } },
      ['local (a, flag --local)', 'endpointUrl (http://h:1, flag --endpoint-url)'],
    ],
    [
      'a region that AWS has not',
      { flags: { region: 'useast1' } },
      ['region (useast1, flag -r/--region)', 'endpointUrl'],
    ],
  ])('%s names both', (_what, input, parts) => {
    const error = problemOf(input);
    expect(error.message).not.toContain('\n');
    for (const part of parts) expect(error.message).toContain(part);
  });

  test('a region of any name is fine for another DynamoDB', () => {
    const flags = { region: 'local', endpointUrl: 'http://localhost:8000' };
    expect(load({ flags }).config.region).toBe('local');
  });

  test('a setting that the command needs, with every way to give it', () => {
    expect(problemOf({ needs: ['table'] }).message).toBe(
      'the setting table is not given: use -t/--table, or ANAMO_TABLE, or PYANAMO_TABLE, or "table" in ./anamo.json',
    );
    expect(load({ needs: ['table'], flags: { table: 'Example_Table' } }).config.table).toBe('Example_Table');
  });

  test('a needed setting that is given and wrong is said once', () => {
    expect(problemOf({ needs: ['table'], flags: { table: 'a b' } }).message).toMatch(
      /^the setting table must be 3 to 255/,
    );
  });

  test.each([
    ['tableName', 'x'.repeat(256)],
    ['bucket', 'Not_A_Bucket'],
    ['bucket', 'file:'],
    ['endpointUrl', 'localhost:8000'],
    ['endpointUrl', 'ftp://host'],
    ['steps', 'align,ca ll'],
    ['shards', '65'],
    ['cwd', 'home'],
    ['strict', 'perhaps'],
    ['timeout', '0'],
  ])('%s: %s', (name, value) => {
    const key = name === 'tableName' ? 'table' : (name as ConfigKey);
    expect(problemOf({ flags: { [key]: value } }).code).toBe('CONFIG_INVALID');
  });

  test.each([
    ['no JSON', '{"table": }', 'is not JSON'],
    ['no object', '[1]', 'does not hold an object'],
  ])('a file that is %s', (_what, text, part) => {
    writeFile(text);
    const error = problemOf({});
    expect(error.code).toBe('CONFIG_UNREADABLE');
    expect(error.message).toContain(`./anamo.json ${part}`);
  });

  test('a file that was named and is not there', () => {
    expect(problemOf({ file: 'none.json' }).message).toBe('the configuration file none.json cannot be read (ENOENT)');
  });

  test('a value in a file that is no setting value', () => {
    writeFile({ table: { name: 'x' } });
    expect(problemOf({}).message).toContain('table must be text, a number, true, false or a list of names');
  });
});

describe('the schema', () => {
  test('config/default.json has every key with its default', () => {
    const file = JSON.parse(readFileSync(new URL('../../config/default.json', import.meta.url), 'utf8')) as unknown;
    expect(file).toEqual(Object.fromEntries(CONFIG_KEYS.map((key) => [key, SETTINGS[key].default])));
  });

  test('config/default.json can be used as it is', () => {
    const file = path.resolve(import.meta.dirname, '../../config/default.json');
    expect(load({ file }).config).toEqual(load().config);
  });

  test('the config is frozen', () => {
    expect(Object.isFrozen(load().config)).toBe(true);
  });

  test('names in the environment are unique', () => {
    const names = CONFIG_KEYS.flatMap((key) => [
      envName(key),
      ...((SETTINGS[key] as { envs?: readonly string[] }).envs ?? []),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  test('nothing makes the reader throw', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CONFIG_KEYS), fc.jsonValue(), (key, raw) => {
        expect(Object.keys(readSetting(key, raw))).toEqual([expect.stringMatching(/^(value|problem)$/)]);
      }),
    );
  });

  test('a value written as text or as itself is read the same', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CONFIG_KEYS), fc.oneof(fc.integer(), fc.boolean()), (key, raw) => {
        expect(readSetting(key, raw)).toEqual(readSetting(key, String(raw)));
      }),
    );
  });
});
