import { nearest } from './nearest.ts';

/** Every column of an import file and key of a JSON line, by its name as users write it. */
export const COLUMN_NAMES = {
  itemId: 'itemID',
  taskId: 'TaskID',
  script: 'TaskScript',
  args: 'TaskArgs',
  step: 'Step',
  priority: 'Priority',
  maxAttempts: 'MaxAttempts',
  timeout: 'Timeout',
  silentTimeout: 'SilentTimeout',
  notBefore: 'NotBefore',
  dependsOn: 'DependsOn',
  nested: 'Nested',
  shell: 'Shell',
  env: 'Env',
} as const;
export type Column = keyof typeof COLUMN_NAMES;

const KNOWN = Object.values(COLUMN_NAMES);
const REQUIRED = ['itemId', 'taskId', 'script'] as const satisfies readonly Column[];
const BY_NAME: ReadonlyMap<string, Column> = new Map(
  Object.entries(COLUMN_NAMES).flatMap(([column, name]): [string, Column][] => [
    [column.toLowerCase(), column as Column],
    [name.toLowerCase(), column as Column],
  ]),
);

export type Header =
  { readonly ok: true; readonly columns: readonly Column[] } | { readonly ok: false; readonly problem: string };

/** Which column each field of the header row names, in any order and case; all that is wrong with it at once. */
export function readHeader(names: readonly string[]): Header {
  const { columns, problems } = matchColumns(names, 'column');
  const missing = REQUIRED.filter((column) => !columns.includes(column)).map((column) => COLUMN_NAMES[column]);
  if (missing.length > 0) problems.push(`missing: ${missing.join(', ')}`);
  if (problems.length > 0) return { ok: false, problem: problems.join('; ') };
  return { ok: true, columns: columns.filter((column) => column !== undefined) };
}

/** Finds the column of each name, undefined for an unknown one; `word` is what a name is called in a problem. */
export function matchColumns(
  names: readonly string[],
  word: 'column' | 'key',
): { columns: (Column | undefined)[]; problems: string[] } {
  const problems: string[] = [];
  const seen = new Map<Column, string>();
  const columns = names.map((name, index) => {
    const column = BY_NAME.get(name.trim().toLowerCase());
    if (column === undefined) {
      problems.push(unknownProblem(name.trim(), word, index));
      return undefined;
    }
    const earlier = seen.get(column);
    if (earlier !== undefined) problems.push(`${word} ${COLUMN_NAMES[column]} is given twice`);
    seen.set(column, name);
    return column;
  });
  if (columns.includes(undefined)) problems.push(`known are ${KNOWN.join(', ')}`);
  return { columns, problems };
}

function unknownProblem(name: string, word: 'column' | 'key', index: number): string {
  if (name === '') return `${word} ${index + 1} has no name`;
  const meant = nearest(name, KNOWN);
  return `unknown ${word} ${JSON.stringify(name)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
}
