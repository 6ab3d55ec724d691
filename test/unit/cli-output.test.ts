import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportError } from '../../src/cli/errors.ts';
import { bytes, count, layOut, logLines, outputTo, plural, spell, toJson, when } from '../../src/cli/output.ts';
import { AnamoError } from '../../src/domain/errors.ts';

const ESCAPE = '\u001B';

function terminal(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), { isTTY });
  return { stream, text: () => String(stream.read() ?? '') };
}

describe('tables', () => {
  test('columns are as wide as their widest cell, numbers to the right', () => {
    const columns = [{ title: 'step' }, { title: 'done', align: 'right' as const }];
    expect(
      layOut(columns, [
        ['align', '1,234'],
        ['qc', '7'],
      ]),
    ).toEqual(['step    done', 'align  1,234', 'qc         7']);
  });

  test('wide characters count for two', () => {
    expect(
      layOut(
        [{ title: 'a' }, { title: 'b' }],
        [
          ['試料', 'x'],
          ['abcd', 'y'],
        ],
      ),
    ).toEqual(['a     b', '試料  x', 'abcd  y']);
  });

  test('no cell can drive the terminal or break its row', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string()), { maxLength: 5 }), (cells) => {
        const lines = layOut([{ title: 'a' }, { title: 'b' }], cells);
        expect(lines).toHaveLength(cells.length + 1);
        for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E]/);
      }),
    );
  });
});

describe('colours', () => {
  test.each([
    ['a terminal', true, {}, true],
    ['no terminal', false, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('%s', (_what, isTTY, env, coloured) => {
    const { stream } = terminal(isTTY);
    expect(outputTo(stream, env).paint('red', 'x').includes(ESCAPE)).toBe(coloured);
  });
});

test.each([
  [count(1_234_567), '1,234,567'],
  [plural(1, 'item'), '1 item'],
  [plural(0, 'item'), '0 items'],
  [spell(15), '15 ms'],
  [spell(1500), '1.5 s'],
  [spell(59_999), '59 s'],
  [spell(61_000), '1 min 1 s'],
  [spell(3 * 3_600_000 + 5 * 60_000), '3 h 5 min'],
  [bytes(1023), '1,023 B'],
  [bytes(1536), '1.5 KiB'],
  [when(undefined), '-'],
])('%s', (text, expected) => {
  expect(text).toBe(expected);
});

describe('JSON', () => {
  test('bytes are text, also from a Buffer', () => {
    expect(JSON.parse(toJson({ a: new TextEncoder().encode('é'), b: [Buffer.from('x')] }))).toEqual({
      a: 'é',
      b: ['x'],
    });
  });

  test('bytes that are no UTF-8 are base64', () => {
    expect(JSON.parse(toJson({ a: Uint8Array.of(0xff, 0) }))).toEqual({ a: { base64: '/wA=' } });
  });
});

test('the lines of a log: no last empty one, tabs as blanks, nothing that drives a terminal', () => {
  expect(logLines(Buffer.from(`a\tb\n${ESCAPE}[31mred\n\n\u00FF\n`))).toEqual(['a    b', 'red', '', 'ÿ']);
});

describe('errors', () => {
  const error = new AnamoError('TABLE_MISSING', `there is no table ${ESCAPE}[2Jx`, { hint: 'check -t' });

  function report(thrown: unknown, style: { json?: boolean; debug?: boolean } = {}) {
    const { stream, text } = terminal(false);
    const code = reportError(thrown, { stderr: stream, env: {} }, { json: false, debug: false, ...style });
    return { code, text: text() };
  }

  test('one sentence and the way out, no stack', () => {
    expect(report(error)).toEqual({ code: 2, text: 'anamo: there is no table x\n  → check -t\n' });
  });

  test('as JSON', () => {
    const { code, message, hint } = error;
    expect(JSON.parse(report(error, { json: true }).text)).toEqual({ error: { code, message, hint } });
  });

  test('the stack and its causes when asked', () => {
    const { text } = report(new AnamoError('AWS_FAILED', 'x', { cause: new Error('deep') }), { debug: true });
    expect(text).toMatch(/AnamoError: x\n {4}at [\s\S]*caused by: Error: deep\n {4}at /);
  });

  test('what should not happen has exit code 1, no stack, and says how to see it', () => {
    const { code, text } = report(new TypeError('x is not a function'));
    expect(code).toBe(1);
    expect(text).toBe(
      'anamo: an error that should not happen: TypeError: x is not a function\n' +
        '  → run it again with --debug, and report what it prints\n',
    );
  });

  test('an error without a way out gets one', () => {
    expect(report(new AnamoError('USAGE', 'no')).text).toContain('  → anamo <command> --help');
    expect(report(new AnamoError('AWS_FAILED', 'no')).text).toContain('  → anamo doctor');
  });

  test('several problems stay one to a line', () => {
    const { text } = report(new AnamoError('CONFIG_INVALID', '2 settings are wrong:\n  - a\n  - b', { hint: 'c' }));
    expect(text).toBe('anamo: 2 settings are wrong:\n  - a\n  - b\n  → c\n');
  });
});
