/**
 * A script as POSIX words: quotes, backslashes and line continuations as in a shell; nothing else of a shell.
 * Globs, `~` and `{a,b}` stay as they are written, as in a shell that finds no match.
 */
export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean }
  /** `{}` without a backslash before it: where the nested argument goes. */
  | { readonly kind: 'hole'; readonly quoted: boolean };
export type Word = readonly Part[];

export type ParsedScript =
  { readonly ok: true; readonly words: readonly Word[] } | { readonly ok: false; readonly problem: string };

export interface ParseOptions {
  /** `literal`: shell operators are ordinary characters (`--no-shell`, and at run time). Default `refuse`. */
  readonly operators?: 'refuse' | 'literal';
}

interface Scan {
  readonly text: string;
  readonly literal: boolean;
  at: number;
  readonly words: Part[][];
  word: Part[] | undefined;
}

const OPERATORS = '|&;<>()`';
/** A shell takes line continuations out first, so that the name goes on behind one. */
const SPLIT_NAME = /\$(?:[A-Za-z_][A-Za-z0-9_]*(?:\\\n)+[A-Za-z0-9_]|\\\n)/y;
const VARIABLE = /\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)\})/y;
const OPERATOR_RUN = /[|&;<>]+|./y;
const ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=/;
const WAY_OUT = 'choose --shell to run it under bash or --no-shell to pass it on as it is, or put it in quotes';

/** Splits a script into words; a script accepted with operators refused gives the same words with them literal. */
export function parseScript(text: string, options: ParseOptions = {}): ParsedScript {
  const scan: Scan = { text, literal: options.operators === 'literal', at: 0, words: [], word: undefined };
  if (text.includes('\0')) return { ok: false, problem: `a NUL character ${place(scan, text.indexOf('\0'))}` };
  while (scan.at < text.length) {
    const problem = scanOne(scan);
    if (problem !== undefined) return { ok: false, problem };
  }
  scan.word = undefined;
  const first = scan.words[0]?.[0];
  if (first === undefined) return { ok: false, problem: 'the script is empty' };
  if (!scan.literal && first.kind === 'text' && !first.quoted && ASSIGNMENT.test(first.text)) {
    const name = first.text.slice(0, first.text.indexOf('='));
    return { ok: false, problem: `it begins with the assignment of ${name}: use the Env column, or ${WAY_OUT}` };
  }
  return { ok: true, words: scan.words };
}

function scanOne(scan: Scan): string | undefined {
  const char = scan.text.charAt(scan.at);
  switch (char) {
    case ' ':
    case '\t':
      return endWord(scan);
    case '\n':
      return scan.literal ? endWord(scan) : `an unquoted line break ${place(scan, scan.at)}: ${WAY_OUT}`;
    case "'":
      return scanSingle(scan);
    case '"':
      return scanDouble(scan);
    case '\\':
      return scanBackslash(scan);
    case '$':
      return scanDollar(scan, false);
    default:
      return scanPlain(scan, char);
  }
}

function scanPlain(scan: Scan, char: string): string | undefined {
  if (takeHole(scan, false)) return undefined;
  const comment = char === '#' && scan.word === undefined;
  if (!scan.literal && (comment || OPERATORS.includes(char))) return operatorProblem(scan);
  return addText(scan, char, false, 1);
}

function scanSingle(scan: Scan): string | undefined {
  const end = scan.text.indexOf("'", scan.at + 1);
  if (end < 0) return `the single quote ${place(scan, scan.at)} is not closed`;
  scan.at += 1;
  addText(scan, '', true, 0);
  while (scan.at < end) {
    if (!takeHole(scan, true)) addText(scan, scan.text.charAt(scan.at), true, 1);
  }
  scan.at = end + 1;
  return undefined;
}

function scanDouble(scan: Scan): string | undefined {
  const start = scan.at;
  scan.at += 1;
  addText(scan, '', true, 0);
  while (scan.at < scan.text.length) {
    const char = scan.text.charAt(scan.at);
    if (char === '"') {
      scan.at += 1;
      return undefined;
    }
    const problem = scanInDouble(scan, char);
    if (problem !== undefined) return problem;
  }
  return `the double quote ${place(scan, start)} is not closed`;
}

function scanInDouble(scan: Scan, char: string): string | undefined {
  if (char === '\\') {
    const next = scan.text.charAt(scan.at + 1);
    if (next === '\n') return addText(scan, '', true, 2);
    if (next !== '' && '\\"$`'.includes(next)) return addText(scan, next, true, 2);
    const kept = scan.text.startsWith('\\{}', scan.at) ? '\\{}' : char;
    return addText(scan, kept, true, kept.length);
  }
  if (char === '$') return scanDollar(scan, true);
  if (char === '`' && !scan.literal) return operatorProblem(scan);
  return takeHole(scan, true) ? undefined : addText(scan, char, true, 1);
}

function scanBackslash(scan: Scan): string | undefined {
  const next = scan.text.charAt(scan.at + 1);
  if (next === '') return `the backslash ${place(scan, scan.at)} has nothing after it`;
  if (next === '\n') {
    scan.at += 2;
    return undefined;
  }
  return addText(scan, next, true, 2);
}

function scanDollar(scan: Scan, quoted: boolean): string | undefined {
  SPLIT_NAME.lastIndex = scan.at;
  if (SPLIT_NAME.test(scan.text)) return `the name behind the $ ${place(scan, scan.at)} goes on over a line break`;
  VARIABLE.lastIndex = scan.at;
  const match = VARIABLE.exec(scan.text);
  const name = match?.[1] ?? match?.[2];
  if (match !== null && name !== undefined) {
    addPart(scan, { kind: 'variable', name, quoted });
    scan.at += match[0].length;
    return undefined;
  }
  const next = scan.text.charAt(scan.at + 1);
  // Refused with --no-shell too: text that looks filled in but is not would be passed on in silence.
  if (next === '{') return `only \${NAME} can be filled in, not the expansion ${place(scan, scan.at)}: put it in '…'`;
  const special = next !== '' && (/[(0-9@*#?!$[-]/.test(next) || (!quoted && /['"]/.test(next)));
  if (special && !scan.literal) return `the shell expansion $${next} ${place(scan, scan.at)}: ${WAY_OUT}`;
  return addText(scan, '$', quoted, 1);
}

function operatorProblem(scan: Scan): string {
  OPERATOR_RUN.lastIndex = scan.at;
  return `an unquoted ${OPERATOR_RUN.exec(scan.text)?.[0]} ${place(scan, scan.at)}: ${WAY_OUT}`;
}

function takeHole(scan: Scan, quoted: boolean): boolean {
  if (!scan.text.startsWith('{}', scan.at)) return false;
  addPart(scan, { kind: 'hole', quoted });
  scan.at += 2;
  return true;
}

function addText(scan: Scan, text: string, quoted: boolean, length: number): undefined {
  scan.at += length;
  const last = scan.word?.at(-1);
  if (scan.word !== undefined && last?.kind === 'text' && last.quoted === quoted) {
    scan.word[scan.word.length - 1] = { kind: 'text', text: last.text + text, quoted };
  } else {
    addPart(scan, { kind: 'text', text, quoted });
  }
}

function addPart(scan: Scan, part: Part): void {
  if (scan.word === undefined) {
    scan.word = [];
    scan.words.push(scan.word);
  }
  scan.word.push(part);
}

function endWord(scan: Scan): undefined {
  scan.word = undefined;
  scan.at += 1;
}

function place(scan: Scan, at: number): string {
  return `at column ${scan.text.slice(0, at).replaceAll(/./gsu, '.').length + 1}`;
}
