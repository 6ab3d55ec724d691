/** Where `{}` stands in a script for bash, and in which kind of quotes. */
export interface Hole {
  readonly at: number;
  readonly context: 'command' | 'double' | 'single' | 'ansi';
}

export interface ShellScan {
  readonly holes: readonly Hole[];
  /** Behind the last word, when the script ends in a simple command to which a word can be appended. */
  readonly appendAt: number | undefined;
}

/**
 * What the scan is inside of: commands (the script, `$(…)`, `(…)`), `((…))` and a group in it, "…", `${…}`, `…`, a here-document.
 * A `case` pattern with a lone `)` inside `$(…)` ends it too early; the worst of that is a reference without quotes.
 */
interface Frame {
  readonly kind: 'command' | 'arithmetic' | 'group' | 'double' | 'parameter' | 'backquote' | 'heredoc';
  /** Inside "…" or a here-document, without a command between. */
  readonly inDouble: boolean;
  /** What the whole of it is to the frame around it. */
  readonly whole: Token;
  inWord: boolean;
}

type Token = 'word' | 'blank' | 'operator';

interface Scanner {
  readonly text: string;
  at: number;
  readonly frames: [Frame, ...Frame[]];
  readonly holes: Hole[];
  readonly heredocs: { readonly end: string; readonly tabs: boolean; readonly quoted: boolean }[];
  /** The last word of the script's own level; undefined when an operator came after it. */
  word: { from: number; to: number } | undefined;
  appendable: boolean;
}

const CLOSING_WORDS = new Set(['fi', 'done', 'esac', '}', ']]']);
const HEREDOC = /<<(-?)[ \t]*((?:\\.|'[^']*'|"[^"]*"|[^\s|&;<>()'"\\])+)/y;

/** Finds every `{}` to fill: not in comments, not escaped, not in a here-document with a quoted end. */
export function scanShell(text: string): ShellScan {
  const scanner = newScanner(text, 'command', 0);
  run(scanner);
  const { word, frames } = scanner;
  const append = word !== undefined && scanner.appendable && frames.length === 1;
  const simple = append && !CLOSING_WORDS.has(text.slice(word.from, word.to));
  return { holes: scanner.holes, appendAt: simple ? word.to : undefined };
}

function newScanner(text: string, kind: Frame['kind'], at: number): Scanner {
  const base: Frame = { kind, inDouble: kind === 'heredoc', whole: 'word', inWord: false };
  return { text, at, frames: [base], holes: [], heredocs: [], word: undefined, appendable: true };
}

function run(scanner: Scanner): void {
  while (scanner.at < scanner.text.length) {
    const from = scanner.at;
    const before = top(scanner);
    const token = before.inDouble ? scanQuoted(scanner, before) : scanBare(scanner, before);
    const frame = scanner.frames.includes(before) ? before : top(scanner);
    if (frame === scanner.frames[0]) {
      if (token === 'operator') scanner.word = undefined;
      else if (token === 'word' && frame.inWord && scanner.word !== undefined) scanner.word.to = scanner.at;
      else if (token === 'word') scanner.word = { from, to: scanner.at };
    }
    frame.inWord = token === 'word';
  }
}

function scanBare(scanner: Scanner, frame: Frame): Token {
  const { text, at } = scanner;
  const char = text.charAt(at);
  const commands = frame.kind === 'command' || frame.kind === 'backquote';
  if (text.startsWith('{}', at)) return takeHole(scanner, 'command');
  if (commands && text.startsWith('<<', at)) return scanHeredocStart(scanner);
  if (commands && char === '#' && !frame.inWord) return skipComment(scanner, frame);
  if (char === '\n') return scanNewline(scanner);
  if (char === "'") return scanSingle(scanner, at + 1, 'single');
  if (char === '"') return enter(scanner, 'double', 1, true);
  if (char === '(') return scanParenthesis(scanner, frame);
  if (char === ')' && frame.kind === 'arithmetic') return leave(scanner, 2);
  if (char === ')' && (frame.kind === 'command' || frame.kind === 'group')) return leave(scanner, 1);
  if (char === '}' && frame.kind === 'parameter') return leave(scanner, 1);
  if ('\\$`'.includes(char)) return scanEither(scanner, char, false);
  scanner.at += 1;
  if (char === ' ' || char === '\t') return 'blank';
  return '|&;<>'.includes(char) ? 'operator' : 'word';
}

function scanQuoted(scanner: Scanner, frame: Frame): Token {
  const char = scanner.text.charAt(scanner.at);
  if (scanner.text.startsWith('{}', scanner.at)) return takeHole(scanner, 'double');
  if (char === '"' && frame.kind === 'double') return leave(scanner, 1);
  if (char === '"' && frame.kind === 'parameter') return enter(scanner, 'double', 1, true);
  if (char === '}' && frame.kind === 'parameter') return leave(scanner, 1);
  return '\\$`'.includes(char) ? scanEither(scanner, char, true) : skip(scanner, 1);
}

/** What is the same inside "…" and outside. */
function scanEither(scanner: Scanner, char: string, inDouble: boolean): Token {
  const { text, at } = scanner;
  if (char === '\\') {
    if (at + 1 >= text.length) scanner.appendable = false;
    return skip(scanner, 2);
  }
  if (char === '`') {
    const start = scanner.frames.findLastIndex((frame) => frame.kind === 'backquote');
    if (start < 0) return enter(scanner, 'backquote', 1, false);
    scanner.frames.splice(start + 1);
    return leave(scanner, 1);
  }
  if (text.startsWith('$((', at)) return enter(scanner, 'arithmetic', 3, false);
  if (text.startsWith('$(', at)) return enter(scanner, 'command', 2, false);
  if (text.startsWith('${', at)) return enter(scanner, 'parameter', 2, inDouble);
  if (!inDouble && text.startsWith("$'", at)) return scanSingle(scanner, at + 2, 'ansi');
  return skip(scanner, /[$#]/.test(text.charAt(at + 1)) ? 2 : 1);
}

function scanParenthesis(scanner: Scanner, frame: Frame): Token {
  const arithmetic = frame.kind === 'command' && !frame.inWord && scanner.text.startsWith('((', scanner.at);
  if (arithmetic) return enter(scanner, 'arithmetic', 2, false, 'operator');
  if (frame.kind === 'parameter') return skip(scanner, 1);
  // No commands in there: << is a shift.
  if (frame.kind === 'arithmetic' || frame.kind === 'group') return enter(scanner, 'group', 1, false);
  return enter(scanner, 'command', 1, false, 'operator');
}

function scanSingle(scanner: Scanner, from: number, context: 'single' | 'ansi'): Token {
  const { text } = scanner;
  let at = from;
  while (at < text.length && text.charAt(at) !== "'") {
    if (text.startsWith('{}', at)) scanner.holes.push({ at, context });
    at += text.startsWith('{}', at) || (context === 'ansi' && text.charAt(at) === '\\') ? 2 : 1;
  }
  if (at >= text.length) scanner.appendable = false;
  scanner.at = at + 1;
  return 'word';
}

function skipComment(scanner: Scanner, frame: Frame): Token {
  const ends = frame.kind === 'backquote' ? /[\n`]/g : /\n/g;
  ends.lastIndex = scanner.at;
  scanner.at = ends.exec(scanner.text)?.index ?? scanner.text.length;
  return 'blank';
}

function scanHeredocStart(scanner: Scanner): Token {
  HEREDOC.lastIndex = scanner.at;
  const match = scanner.text.startsWith('<<<', scanner.at) ? null : HEREDOC.exec(scanner.text);
  const end = match?.[2];
  if (match === null || end === undefined) {
    scanner.at += scanner.text.startsWith('<<<', scanner.at) ? 3 : 2;
    return 'operator';
  }
  scanner.heredocs.push({
    end: end.replaceAll(/\\(.)|['"]/g, '$1'),
    tabs: match[1] === '-',
    quoted: /[\\'"]/.test(end),
  });
  scanner.appendable = false;
  scanner.at += match[0].length;
  return 'operator';
}

function scanNewline(scanner: Scanner): Token {
  scanner.at += 1;
  for (const heredoc of scanner.heredocs.splice(0)) {
    const from = scanner.at;
    let line = from;
    let to = scanner.text.length;
    while (line < scanner.text.length) {
      const lineEnd = scanner.text.indexOf('\n', line);
      const stop = lineEnd < 0 ? scanner.text.length : lineEnd;
      const content = scanner.text.slice(line, stop);
      to = line;
      line = stop + 1;
      if ((heredoc.tabs ? content.replace(/^\t+/, '') : content) === heredoc.end) break;
      to = Math.min(line, scanner.text.length);
    }
    if (!heredoc.quoted) {
      const body = newScanner(scanner.text.slice(0, to), 'heredoc', from);
      run(body);
      scanner.holes.push(...body.holes);
    }
    scanner.at = Math.min(line, scanner.text.length);
  }
  return 'blank';
}

function takeHole(scanner: Scanner, context: Hole['context']): Token {
  scanner.holes.push({ at: scanner.at, context });
  return skip(scanner, 2);
}

function skip(scanner: Scanner, length: number): Token {
  scanner.at += length;
  return 'word';
}

function enter(scanner: Scanner, kind: Frame['kind'], length: number, inDouble: boolean, whole: Token = 'word'): Token {
  scanner.frames.push({ kind, inDouble, whole, inWord: false });
  scanner.at += length;
  return whole;
}

function leave(scanner: Scanner, length: number): Token {
  scanner.at += length;
  if (scanner.frames.length === 1) return 'operator';
  return scanner.frames.pop()?.whole ?? 'word';
}

function top(scanner: Scanner): Frame {
  return scanner.frames.at(-1) ?? scanner.frames[0];
}
