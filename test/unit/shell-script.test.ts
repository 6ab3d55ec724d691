import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fillShellScript, shellArgumentProblem } from '../../src/domain/shell-script.ts';

const P = String.raw`printf '<%s>' `;
const NASTY = `a  b'"\`id\`$(id)\${HOME};&|\\ *\n}) {} #`;

function bash(script: string, cwd?: string): string {
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: '/h' };
  return execFileSync('bash', ['-eo', 'pipefail', '-c', script], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString();
}

/** Fragments of one word, and what each must print for an argument. The dot keeps line ends that `$(…)` would drop. */
const FRAGMENTS: readonly (readonly [string, (arg: string) => string])[] = [
  ['{}', (arg) => arg],
  ['"{}"', (arg) => arg],
  ["'{}'", (arg) => arg],
  ["$'\\'{}\\t'", (arg) => `'${arg}\t`],
  ["'a\"{}'", (arg) => `a"${arg}`],
  ['"it\'s {}"', (arg) => `it's ${arg}`],
  ['"\\"{}\\\\{}"', (arg) => `"${arg}\\${arg}`],
  ['\\{}', () => '{}'],
  ['"\\{}"', () => '\\{}'],
  ['"${nope:-{}}"', (arg) => arg],
  ['${nope:-{}}', (arg) => arg],
  ['"$(printf %s. {})"', (arg) => `${arg}.`],
  ['"$(printf %s. "{}")"', (arg) => `${arg}.`],
  ['"$(printf %s. "$(printf %s. \'{}\')")"', (arg) => `${arg}..`],
  ['"`printf %s. {}`"', (arg) => `${arg}.`],
  ['"$(printf %s. {} # it\'s {}\n)"', (arg) => `${arg}.`],
  ['"$(cat <<E\n{}.\nE\n)"', (arg) => `${arg}.`],
  ['"$(cat <<\'E\'\n{}\nE\n)"', () => '{}'],
  ['$((1<<2))', () => '4'],
  ['a#', () => 'a#'],
];

const argument = fc.oneof(
  fc.constant(NASTY),
  fc.string({ unit: fc.constantFrom(...'\'"`$(){};&|<>\\\n\t #*?~!=a\u0001é-'.split(''), '$(id)', '{}', 'E\n') }),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
);
const word = fc.array(fc.constantFrom(...FRAGMENTS), { minLength: 1, maxLength: 3 });
const filledCase = fc.record({ arg: argument, words: fc.array(word, { minLength: 1, maxLength: 3 }) });

test('whatever the argument and the quotes around {}, bash gets exactly the argument', () => {
  const property = fc.property(fc.array(filledCase, { minLength: 60, maxLength: 60 }), (cases) => {
    const scripts = cases.map(({ arg, words }) => {
      const text = words.map((parts) => parts.map(([source]) => source).join('')).join(' ');
      // `: {}` so that a text without a hole does not get one more word.
      return fillShellScript(`: {}; ${P}${text}`, arg);
    });
    const expected = cases.map(({ arg, words }) =>
      words.map((parts) => `<${parts.map(([, print]) => print(arg)).join('')}>`).join(''),
    );
    expect(bash(scripts.map((script) => `( eval ${singleQuoted(script)} )`).join('\n'))).toBe(expected.join(''));
  });
  fc.assert(property, { numRuns: 15 });
});

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

test.each([
  ['at the end', `${P}a`, '<a><N>'],
  ['before a comment', `${P}a # it's`, '<a><N>'],
  ['before line ends', `${P}a\n\n`, '<a><N>'],
  ['behind a redirection', `${P}a 2>&1`, '<a><N>'],
  ['behind a substitution', `${P}"$(${P}a)"`, '<<a>><N>'],
  ['to the last command', `false || ${P}a`, '<a><N>'],
  ['in a loop', `for x in {} b; do ${P}"$x"; done`, '<N><b>'],
  ['in a subshell', `(${P}{})`, '<N>'],
  ['in an if', `if true; then ${P}{}; fi`, '<N>'],
  ['as a case', `case {} in *) ${P}{};; esac`, '<N>'],
  ['behind a shift that is no here-document', `((1<<2)); ${P}{}`, '<N>'],
  ['behind a shift in a group', `((1+(1<<2)))\n${P}"$((1+(2<<1)))"\n${P}{}`, '<5><N>'],
  ['behind a # that is no comment', `${P}\${#HOME} a\\ #{}`, '<2><a #N>'],
  ['in a here-document', 'cat <<EOF\n"{}"\nEOF', '"N"\n'],
  ['in two here-documents', 'cat <<A; cat <<-B\n{}\nA\n\t{}\n\tB\n', 'N\nN\n'],
  ['behind a here-document with a quoted end', `cat <<'A B'\nit's {}\nA B\n${P}{}`, "it's {}\n<N>"],
  ['in a here-string', 'cat <<<{}', 'N\n'],
  ['in a process substitution', `cat <(${P}{})`, '<N>'],
  ['in a function', `f() { ${P}"$@"; }; f {}`, '<N>'],
])('the argument %s: %j', (_where, script, expected) => {
  expect(shellArgumentProblem(script)).toBeUndefined();
  expect(bash(fillShellScript(script, NASTY))).toBe(expected.replaceAll('N', () => NASTY));
});

// Appended to these, the argument would be run as a command, be lost, or make the script no script.
test.each([
  'a &',
  'a;',
  'a |',
  'a >',
  '(a)',
  '{ a; }',
  'if a; then b; fi',
  'cat <<E\nE',
  '"a',
  "a 'b",
  'a \\',
  '# a',
  '',
])('an argument has no place in %j', (script) => {
  expect(shellArgumentProblem(script)).toMatch(/write \{\} where it goes/);
  expect(() => fillShellScript(script, 'x')).toThrow(/no place/);
});

test('a script that the scan takes for something else still never runs the argument', () => {
  const folder = mkdtempSync(join(tmpdir(), 'anamo-shell-'));
  try {
    const arg = '$(touch ran); touch ran; `touch ran` & "touch ran"';
    // The lone ) of the pattern ends $(…) too early for the scan.
    bash(fillShellScript(`x="$(case a in a) printf '%s' {};; esac)"; : "$x"`, arg), folder);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
