import { readFileSync, globSync } from 'node:fs';
import { posix } from 'node:path';

/** A source file with what it imports; `path` is relative to src, with `/`. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** One import, however it is written. */
export interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

const NAME = String.raw`\s*['"]([^'"\n]+)['"]`;
const FORMS: readonly RegExp[] = [
  // import … from 'x', export … from 'x'; [^'";] keeps it within one statement, over several lines
  new RegExp(String.raw`^[ \t]*(?:import|export)\b[^'";]*?\bfrom${NAME}`, 'gm'),
  new RegExp(String.raw`^[ \t]*import${NAME}`, 'gm'),
  // import('x'), also as a type; createRequire(import.meta.url)('x'); require.resolve('x')
  new RegExp(String.raw`\bimport\s*\(${NAME}`, 'g'),
  new RegExp(String.raw`\bcreateRequire\(import\.meta\.url\)(?:\.resolve)?\(${NAME}`, 'g'),
  new RegExp(String.raw`\brequire(?:\.resolve)?\(${NAME}`, 'g'),
];

export function readSources(root: string): readonly Source[] {
  return globSync('**/*.ts', { cwd: root })
    .toSorted()
    .map((path) => source(path.replaceAll('\\', '/'), readFileSync(`${root}/${path}`, 'utf8')));
}

export function source(path: string, text: string): Source {
  const imports = FORMS.flatMap((form) => [...text.matchAll(form)].map((match) => toImport(text, match)));
  return { path, text, imports: imports.toSorted((a, b) => a.line - b.line) };
}

/** The file that a relative import means, as a path like `Source.path`; undefined for a package. */
export function target(from: Source, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from.path), specifier) : undefined;
}

function toImport(text: string, match: RegExpExecArray): Import {
  const typeOnly = /^\s*(?:import|export)\s+type\b/.test(match[0]) || isImportType(text, match);
  return { line: lineOf(text, match.index + match[0].length), specifier: match[1] ?? '', typeOnly };
}

/** `import('x').Name` that nobody awaits or calls is a type. */
function isImportType(text: string, match: RegExpExecArray): boolean {
  const before = text.slice(0, match.index).trimEnd();
  const after = text.slice(match.index + match[0].length);
  return match[0].startsWith('import(') && /[:<|&=]$/.test(before) && after.startsWith(').');
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The text with comments and the insides of strings blanked, so that words can be looked for; lines stay where they are. */
export function codeOnly(text: string): string {
  const hidden = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;
  return text.replaceAll(hidden, (match) => match.replaceAll(/[^\n]/g, ' '));
}
