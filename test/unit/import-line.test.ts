import { describe, expect, test } from 'vitest';
import { readHeader, type Column } from '../../src/domain/import-columns.ts';
import { itemFromFields, itemFromJson, type LineOptions } from '../../src/domain/import-line.ts';
import type { ItemSpec } from '../../src/domain/item.ts';

const OPTIONS: LineOptions = { defaultStep: 'T1', nestedDelimiter: ',' };
const BASE: ItemSpec = {
  itemId: 'i',
  taskId: 't',
  script: 'seq 1',
  step: 'T1',
  priority: 0,
  maxAttempts: 1,
  shell: false,
  nestedMode: 'parallel',
};

function fromTexts(texts: Partial<Record<Column, string>>, options: LineOptions = OPTIONS): ItemSpec | string {
  const all = { itemId: 'i', taskId: 't', script: 'seq 1', ...texts };
  const result = itemFromFields(Object.keys(all) as Column[], Object.values(all), options);
  return result.ok ? result.item : result.problem;
}

function fromJson(value: unknown, options: LineOptions = OPTIONS): ItemSpec | string {
  const result = itemFromJson(value, options);
  return result.ok ? result.item : result.problem;
}

describe('the header', () => {
  test('names columns in any order and case', () => {
    expect(readHeader([' taskscript ', 'ITEMID', 'TaskID', 'NotBefore'])).toEqual({
      ok: true,
      columns: ['script', 'itemId', 'taskId', 'notBefore'],
    });
  });

  test('is refused with everything that is wrong with it', () => {
    const header = readHeader(['Item_ID', 'TaskID', 'TaskID', 'Colour', '']);
    const known =
      'itemID, TaskID, TaskScript, TaskArgs, Step, Priority, MaxAttempts, Timeout, SilentTimeout, NotBefore, DependsOn, ' +
      'Nested, Shell, Env';
    expect(header).toEqual({
      ok: false,
      problem:
        'unknown column "Item_ID" (did you mean itemID?); column TaskID is given twice; unknown column "Colour"; ' +
        `column 5 has no name; known are ${known}; missing: itemID, TaskScript`,
    });
  });
});

describe('one line', () => {
  test('with nothing else has the defaults', () => {
    expect(fromTexts({})).toEqual(BASE);
    expect(fromTexts({ step: '', priority: ' ', timeout: '', env: '', args: '', shell: '', notBefore: '' })).toEqual(
      BASE,
    );
  });

  test('with everything', () => {
    const item = fromTexts({
      itemId: ' Größe 1 ',
      taskId: 's1',
      script: ' run "a b" {} ',
      args: ' chr1, chr2 ,chr3',
      step: 'call',
      priority: '-999',
      maxAttempts: '100',
      timeout: '1.5h',
      silentTimeout: '90',
      notBefore: '2030-01-31T18:00:00Z',

      nested: 'Sequence',
      shell: 'No',
      env: ' A=1 ; _b2=x=y;; ',
    });
    expect(item).toEqual({
      itemId: 'Größe 1',
      taskId: 's1',
      script: 'run "a b" {}',
      nestedArgs: ['chr1', 'chr2', 'chr3'],
      step: 'call',

      priority: -999,
      maxAttempts: 100,
      timeoutMs: 5_400_000,
      silentTimeoutMs: 90_000,
      notBefore: Date.UTC(2030, 0, 31, 18),
      nestedMode: 'sequence',
      shell: false,
      env: { A: '1', _b2: 'x=y' },
    });
  });

  test('tells all its problems at once', () => {
    const problem = fromTexts({
      itemId: '',
      taskId: '',
      script: 'a | b',
      priority: '1000',
      dependsOn: 'x',
      nested: 'both',
    });
    expect(problem).toBe(
      'itemID is empty; TaskID is empty; TaskScript: an unquoted | at column 3: choose --shell to run it under bash or ' +
        '--no-shell to pass it on as it is, or put it in quotes; Priority must be a whole number from -999 to 999, not ' +
        '"1000"; Nested must be parallel or sequence, not "both"; DependsOn is not built yet: leave it empty',
    );
  });

  test('may miss fields at its end, but not have more than there are columns', () => {
    const columns: Column[] = ['itemId', 'taskId', 'script', 'args', 'step'];
    expect(itemFromFields(columns, ['i', 't', 'seq 1'], OPTIONS)).toEqual({ ok: true, item: BASE });
    const more = itemFromFields(columns, ['i', 't', 'echo "a', 'b"', '', ''], OPTIONS);
    expect(more).toMatchObject({ ok: false, problem: expect.stringContaining('6 fields but 5 columns') as unknown });
  });
});

describe('ids and steps', () => {
  test('an id of 200 bytes fits, one more does not', () => {
    expect(fromTexts({ itemId: 'é'.repeat(100), taskId: 'x'.repeat(200) })).toMatchObject({ itemId: 'é'.repeat(100) });
    expect(fromTexts({ itemId: `${'é'.repeat(100)}x` })).toBe('itemID has 201 bytes, at most 200 fit');
    expect(fromTexts({ taskId: 'x'.repeat(201) })).toBe('TaskID has 201 bytes, at most 200 fit');
  });

  test.each(['a\u0000b', 'a\tb', 'a\u007Fb', 'a\u0085b', 'a\uD800'])('the id %j is refused', (id) => {
    expect(fromTexts({ itemId: id })).toBe('itemID holds a control character or is not Unicode');
    expect(fromTexts({ taskId: id })).toBe('TaskID holds a control character or is not Unicode');
  });

  test.each(['a b', 'ä', 'a|b', 'x'.repeat(65)])('the step %j is refused', (step) => {
    expect(fromTexts({ step })).toContain('must match');
    expect(fromTexts({}, { ...OPTIONS, defaultStep: step })).toContain('must match');
  });
});

describe('values', () => {
  test.each<[Partial<Record<Column, string>>, string]>([
    [{ priority: '1.5' }, 'Priority must be a whole number from -999 to 999'],
    [{ priority: '-1000' }, 'Priority must be'],
    [{ maxAttempts: '0' }, 'MaxAttempts must be a whole number from 1 to 100'],
    [{ maxAttempts: '101' }, 'MaxAttempts must be'],
    [{ timeout: '0' }, 'Timeout must be a duration such as 90 (seconds), 90s'],
    [{ silentTimeout: 'soon' }, 'SilentTimeout must be a duration'],
    [{ shell: 'maybe' }, 'Shell must be yes or no'],
    [{ notBefore: 'tomorrow' }, 'NotBefore must be ISO 8601'],
    [{ notBefore: '20300131' }, 'NotBefore must be ISO 8601'],
    [{ notBefore: '1900000000000' }, 'looks like milliseconds'],
    [{ notBefore: '2030-02-30' }, 'is no real date or time'],
    [{ notBefore: '2030-01-31T25:00:00Z' }, 'is no real date or time'],
    [{ notBefore: '2030-01-31T18:00:00' }, 'must name its zone, as in 2030-01-31T18:00:00Z'],
    [{ env: 'A' }, 'Env must be KEY=value pairs separated by ";": "A" has no "="'],
    [{ env: '1A=x' }, 'Env "1A" is no name for a variable'],
    [{ env: '=x' }, 'Env "" is no name for a variable'],
    [{ env: 'A=1;A=2' }, 'Env A is given twice'],
    [{ env: 'ANAMO_X=1;AWS_BATCH_Y=2' }, 'Env ANAMO_X is reserved'],
    [{ env: '{"A"' }, 'it begins with "{" but is not JSON'],
    [{ env: '{"A":null}' }, 'must have a text for "A"'],
  ])('%j is refused', (texts, problem) => {
    expect(fromTexts(texts)).toContain(problem);
  });

  test.each<[string, number]>([
    ['1900000000', 1_900_000_000_000],
    ['1900000000.25', 1_900_000_000_250],
    ['0', 0],
    ['2030-01-31', Date.UTC(2030, 0, 31)],
    ['2030-01-31T18:00+02:00', Date.UTC(2030, 0, 31, 16)],
    ['2030-01-31t18:00:00,5z', Date.UTC(2030, 0, 31, 18, 0, 0, 500)],
    ['2028-02-29T00:30:00+0100', Date.UTC(2028, 1, 28, 23, 30)],
  ])('NotBefore %j', (text, at) => {
    expect(fromTexts({ notBefore: text })).toMatchObject({ notBefore: at });
  });

  test('an environment as JSON text keeps what pairs cannot hold', () => {
    expect(fromTexts({ env: '{"A":" x;y ","N":1.5,"B":false}' })).toMatchObject({
      env: { A: ' x;y ', N: '1.5', B: 'false' },
    });
    const item = fromTexts({ env: '__proto__=x' });
    expect(typeof item === 'object' && Object.entries(item.env ?? {})).toEqual([['__proto__', 'x']]);
  });
});

describe('nested arguments', () => {
  test('need a delimiter, and none of them may be empty', () => {
    expect(fromTexts({ args: '8,2,1' }, { defaultStep: 'T1' })).toContain(
      'no delimiter for nested arguments was given (-n)',
    );
    expect(fromTexts({ args: '8,,1' })).toBe('TaskArgs: argument 2 of 3 is empty');
    expect(fromTexts({ args: '8,2,' })).toBe('TaskArgs: argument 3 of 3 is empty');
    expect(fromTexts({ args: '8' })).toMatchObject({ nestedArgs: ['8'] });
  });

  test('10,000 fit, one more does not', () => {
    const args = Array.from({ length: 10_000 }, (_, index) => index);
    expect(fromTexts({ args: args.join(',') })).toMatchObject({ nestedArgs: args.map(String) });
    expect(fromTexts({ args: [...args, 'x'].join(',') })).toBe('TaskArgs has 10001 arguments, at most 10000 fit');
  });

  test('must have a place in a script for bash', () => {
    expect(fromTexts({ script: 'a;', shell: 'yes', args: 'x' })).toContain(
      'TaskScript: nested arguments have no place',
    );
    expect(fromTexts({ script: 'a {};', shell: 'yes', args: 'x' })).toMatchObject({ shell: true });
    expect(fromTexts({ script: 'a;', shell: 'yes' })).toMatchObject({ shell: true });
  });
});

describe('the shell', () => {
  test.each<[string, boolean | undefined, boolean | 'problem']>([
    ['', undefined, 'problem'],
    ['', true, true],
    ['', false, false],
    ['yes', undefined, true],
    ['1', false, true],
    ['FALSE', true, false],
    ['no', undefined, false],
  ])('column %j and default %s', (shell, shellDefault, expected) => {
    const item = fromTexts({ script: 'a | b', shell }, { ...OPTIONS, shellDefault });
    if (expected === 'problem') expect(item).toContain('an unquoted | at column 3');
    else expect(item).toMatchObject({ shell: expected });
  });

  test('quotes are checked with --no-shell too', () => {
    expect(fromTexts({ script: 'a "b' }, { ...OPTIONS, shellDefault: false })).toContain('is not closed');
  });
});

test('a record above 300 KB is refused, by its script, its environment or one argument', () => {
  const size = 300 * 1024;
  expect(fromTexts({ script: 'x'.repeat(size) })).toMatch(/^its record of about \d+ bytes is above 307200$/);
  expect(fromTexts({ env: `A=${'é'.repeat(size / 2)}` })).toContain('its record of about');
  expect(fromTexts({ args: `a,${'x'.repeat(size)}` })).toContain('argument 2 is too long');
  expect(fromTexts({ script: 'x'.repeat(size - 2000) })).toMatchObject({ shell: false });
});

describe('a JSON line', () => {
  test('takes the names in any case and the values with their types', () => {
    const item = fromJson({
      itemId: 'i',
      TASKID: ' t ',
      script: 'line 1\nline 2 {}',
      args: ['a,b', 7, ' c '],
      shell: true,
      priority: 5,
      maxAttempts: '3',
      timeout: 90,
      notBefore: 1_900_000_000,
      env: { A: 'x;y', N: 1 },
      step: null,
      nested: 'sequence',
      dependsOn: [],
    });
    expect(item).toEqual({
      itemId: 'i',
      taskId: 't',
      step: 'T1',
      script: 'line 1\nline 2 {}',
      nestedArgs: ['a,b', '7', ' c '],
      shell: true,

      priority: 5,
      maxAttempts: 3,
      timeoutMs: 90_000,
      notBefore: 1_900_000_000_000,
      env: { A: 'x;y', N: '1' },
      nestedMode: 'sequence',
    });
  });

  test('may give its arguments as text, and an empty list is a single item', () => {
    const base = { itemId: 'i', taskId: 't', taskScript: 'seq 1' };
    expect(fromJson({ ...base, taskArgs: '8,2' })).toMatchObject({ nestedArgs: ['8', '2'] });
    expect(fromJson({ ...base, taskArgs: '8,2' }, { defaultStep: 'T1' })).toContain('(-n)');
    expect(fromJson({ ...base, args: [] })).toEqual(BASE);
    expect(fromJson({ ...base, args: [''] })).toBe('TaskArgs: argument 1 of 1 is empty');
  });

  test.each<[unknown, string]>([
    [[], 'must be one JSON object'],
    ['x', 'must be one JSON object'],
    [null, 'must be one JSON object'],
    [{ itemId: 'i', itemID: 'j', taskId: 't', script: 'a' }, 'key itemID is given twice'],
    [{ itemId: 'i', taskId: 't', scirpt: 'a' }, 'unknown key "scirpt"'],
    [{ itemId: 'i', taskId: 't', script: ['a'] }, 'TaskScript must be a text, not a list'],
    [{ itemId: 'i', taskId: {}, script: 'a' }, 'TaskID must be a text, not an object'],
    [{ itemId: 'i', taskId: 't', script: 'a', args: ['x', true] }, 'TaskArgs: argument 2 must be a text or a number'],
    [{ itemId: 'i', taskId: 't', script: 'a', args: ['x\0'] }, 'argument 1 holds a NUL'],
    [{ itemId: 'i', taskId: 't', script: 'a', env: ['A=1'] }, 'Env must be a JSON object'],
    [{ itemId: 'i', taskId: 't', script: 'a', dependsOn: ['x'] }, 'DependsOn is not built yet'],
    [{ itemId: 'i', taskId: 't', script: 'a\uD800' }, 'TaskScript holds a NUL or half a surrogate pair'],
  ])('%j is refused', (value, problem) => {
    expect(fromJson(value)).toContain(problem);
  });
});
