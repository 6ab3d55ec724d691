import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillWords } from '../../src/domain/fill-words.ts';
import { quoteWord } from '../../src/domain/quote-word.ts';
import { parseScript } from '../../src/domain/shell-words.ts';

const VARIABLES = { X: 'v 1', Y_2: "it's $X {} |" };

function argvOf(
  text: string,
  nestedArg?: string,
  operators: 'refuse' | 'literal' = 'refuse',
): readonly string[] | string {
  const parsed = parseScript(text, { operators });
  if (!parsed.ok) return parsed.problem;
  const filled = fillWords(parsed.words, { env: VARIABLES, ...(nestedArg !== undefined && { nestedArg }) });
  return filled.ok ? filled.argv : filled.problem;
}

/** What bash makes of each text behind a command's name: its words, or undefined for a syntax error. */
function bashArgv(texts: readonly string[]): (string[] | undefined)[] {
  const program = `argv() { printf '%s\\0' "$#" "$@"; }; set -f; IFS=; for s; do eval "argv $s" || printf '%s\\0' -1; done`;
  const output = execFileSync('bash', ['-c', program, 'bash', ...texts], {
    env: { ...VARIABLES, PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const words = output.toString().split('\0');
  return texts.map(() => {
    const count = Number(words.shift());
    return count < 0 ? undefined : words.splice(0, count);
  });
}

function scripts(units: readonly string[]): fc.Arbitrary<string[]> {
  const script = fc.string({ unit: fc.constantFrom(...units), maxLength: 14 });
  return fc.array(script, { minLength: 300, maxLength: 400 });
}

const QUOTING = [
  'a',
  'é',
  '😀',
  ' ',
  '  ',
  '\t',
  "'",
  '"',
  '\\',
  '\\\n',
  '{}',
  '{',
  '}',
  '=',
  '#',
  '$',
  '%',
  '\n',
  '`',
];
const FILLING = ['$X', '${Y_2}', '$X_', '"$X"', "'$X'", '\\$X', '$', 'b', ' ', '"', "'", '\\', '\\\n', '{}', '-'];

describe('against bash', () => {
  test.each([
    ['quotes, blanks and backslashes', QUOTING],
    ['variables', FILLING],
  ])('%s give the words that bash gives', (_name, units) => {
    const bothWays = fc.property(scripts(units), (texts) => {
      const ours = texts.map((text) => argvOf(`argv ${text}`));
      const accepted = texts.filter((_text, index) => typeof ours[index] !== 'string');
      const expected = ours.filter((words) => typeof words !== 'string').map((words) => words.slice(1));
      expect(bashArgv(accepted)).toEqual(expected);
    });
    fc.assert(bothWays, { numRuns: 12 });
  });

  test('a quote that is said not to be closed is a syntax error for bash too', () => {
    const property = fc.property(scripts(['a', ' ', "'", '"', '\\']), (texts) => {
      const open = texts.filter((text) => /quote .* is not closed/.test(String(argvOf(`argv ${text}`))));
      expect(open.length).toBeGreaterThan(0);
      expect(bashArgv(open)).toEqual(open.map(() => undefined));
    });
    fc.assert(property, { numRuns: 4 });
  });

  test('quoteWord gives one word that reads back unchanged, for bash and for the parser', () => {
    const word = fc.oneof(
      fc.string({ unit: fc.constantFrom(...QUOTING, '$X', '|', '~', '*', 'A=', '!') }),
      fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    );
    const property = fc.property(fc.array(word, { minLength: 200, maxLength: 300 }), (words) => {
      expect(bashArgv(words.map((text) => quoteWord(text)))).toEqual(words.map((text) => [text]));
      for (const text of words) {
        expect(argvOf(`a ${quoteWord(text)}`)).toEqual(['a', text]);
        if (text !== '') expect(argvOf(quoteWord(text))).toEqual([text]);
      }
    });
    fc.assert(property, { numRuns: 8 });
  });
});

test('a script that is accepted with operators refused means the same at run time, when they are literal', () => {
  const units = [...QUOTING, ...FILLING, '|', '&', ';', '>', '(', '$(', '${', '$1', "$'", '~', '*'];
  const property = fc.property(fc.string({ unit: fc.constantFrom(...units) }), (text) => {
    const strict = parseScript(text);
    if (strict.ok) expect(parseScript(text, { operators: 'literal' })).toEqual(strict);
  });
  fc.assert(property, { numRuns: 2000 });
});

describe('operators', () => {
  test.each([
    ['a | b', 'an unquoted | at column 3'],
    ['a && b', 'an unquoted && at column 3'],
    ['é😀 > b', 'an unquoted > at column 4'],
    ['a 2>&1', 'an unquoted >& at column 4'],
    ['a;b', 'an unquoted ; at column 2'],
    ['http://x/?a=1&b=2', 'an unquoted & at column 14'],
    ['(a)', 'an unquoted ( at column 1'],
    ['a `b`', 'an unquoted ` at column 3'],
    ['a "`b`"', 'an unquoted ` at column 4'],
    ['a $(b)', 'the shell expansion $( at column 3'],
    ['a "$(b)"', 'the shell expansion $( at column 4'],
    ['a $1', 'the shell expansion $1 at column 3'],
    ['a $?', 'the shell expansion $? at column 3'],
    ["a $'b'", "the shell expansion $' at column 3"],
    ['a # b', 'an unquoted # at column 3'],
    ['a\nb', 'an unquoted line break at column 2'],
    ['A=1 b', 'it begins with the assignment of A: use the Env column'],
  ])('%j is refused with its place and both ways out', (text, problem) => {
    expect(argvOf(text)).toContain(problem);
    expect(argvOf(text)).toContain('--shell');
    expect(argvOf(text)).toContain('--no-shell');
  });

  test.each<[string, string[]]>([
    ['a \'|\' ">" \\; x#y', ['a', '|', '>', ';', 'x#y']],
    ['a "$" $ $% "50$"', ['a', '$', '$', '$%', '50$']],
    ['a --b=*.gz ~/x {1,2} 3!', ['a', '--b=*.gz', '~/x', '{1,2}', '3!']],
    ["'A=1' b", ['A=1', 'b']],
  ])('%j has none', (text, argv) => {
    expect(argvOf(text)).toEqual(argv);
  });

  test('with --no-shell they are text, while quotes and variables still work', () => {
    const text = 'a | b>c $(d) `e` "f g" $X; # \\\n h\ni';
    const argv = ['a', '|', 'b>c', '$(d)', '`e`', 'f g', 'v 1;', '#', 'h', 'i'];
    expect(argvOf(text, undefined, 'literal')).toEqual(argv);
  });
});

describe('what cannot be filled', () => {
  test.each(['${X:-a}', '"${#X}"', '${}', '${X', '${1}'])('%j is refused with --no-shell too', (text) => {
    expect(argvOf(`a ${text}`, undefined, 'literal')).toContain('only ${NAME} can be filled in');
  });

  test.each([
    ['', 'the script is empty'],
    [' \t', 'the script is empty'],
    ["a 'b", 'the single quote at column 3 is not closed'],
    ['a "b', 'the double quote at column 3 is not closed'],
    ['a\\', 'the backslash at column 2 has nothing after it'],
    ['a \0', 'a NUL character at column 3'],
    ['a $X\\\nY', 'the name behind the $ at column 3 goes on over a line break'],
    ["'' a", "the program's name is empty"],
  ])('%j: %s', (text, problem) => {
    expect(argvOf(text)).toBe(problem);
  });

  test('variables that are not set are named, also ones that every object has', () => {
    expect(argvOf('a $NOT_SET ${constructor} "$NOT_SET" $X \'$Z\'')).toMatch(
      /^not set in the environment: NOT_SET, constructor \(/,
    );
  });

  test('a variable that is set and empty is an empty word', () => {
    const parsed = parseScript('a $E b$E');
    expect(parsed.ok && fillWords(parsed.words, { env: { E: '' } })).toEqual({ ok: true, argv: ['a', '', 'b'] });
  });
});

describe('the nested argument', () => {
  test.each<[string, string[]]>([
    ['a', ['a', 'N']],
    ["a 'b c'", ['a', 'b c', 'N']],
    ['a {} b', ['a', 'N', 'b']],
    ['a x{}.bam {}{}', ['a', 'xN.bam', 'NN']],
    ['a \'{}\' "x {} y"', ['a', 'N', 'x N y']],
    ['a \\{} "\\{}"', ['a', '{}', '\\{}', 'N']],
    ['a {\\} "{"}', ['a', '{}', '{}', 'N']],
    ['{} b', ['N', 'b']],
  ])('in %j', (text, argv) => {
    const arg = `s p 'a"\\ $X $(x) {} |\n`;
    expect(argvOf(text, arg)).toEqual(argv.map((word) => word.replaceAll('N', () => arg)));
  });

  test('is no hole in the value of a variable, and {} stays without one', () => {
    expect(argvOf('a ${Y_2}', 'N')).toEqual(['a', VARIABLES.Y_2, 'N']);
    expect(argvOf("a {} '{}'")).toEqual(['a', '{}', '{}']);
  });
});
