import { COLUMN_NAMES, matchColumns, type Column } from './import-columns.ts';
import {
  badCharacter,
  readEnv,
  readEnvText,
  readInstant,
  readInteger,
  readTimeout,
  readYesNo,
} from './import-values.ts';
import type { Env, Value } from './import-values.ts';
import type { ItemSpec } from './item.ts';
import { MAX_ABS_PRIORITY, MAX_ID_BYTES, MAX_NESTED, MAX_RECORD_BYTES, STEP_PATTERN } from './limits.ts';
import { shellArgumentProblem } from './shell-script.ts';
import { parseScript } from './shell-words.ts';

export interface LineOptions {
  /** For lines without a step. */
  readonly defaultStep: string;
  /** `--shell` or `--no-shell`, for lines that do not say; undefined: shell operators are problems. */
  readonly shellDefault?: boolean | undefined;
  /** Separates the arguments in TaskArgs. */
  readonly nestedDelimiter?: string | undefined;
}

export type LineResult =
  { readonly ok: true; readonly item: ItemSpec } | { readonly ok: false; readonly problem: string };

const MAX_ATTEMPTS = 100;
/** Attribute names, keys, counters and times of a record, generously. */
const RECORD_OVERHEAD_BYTES = 1024;
const NEEDS_DELIMITER = 'has a value but no delimiter for nested arguments was given (-n)';

/** The texts of one line by column (absent is the same as empty), with what JSON gives as more than text. */
interface RawLine {
  readonly texts: Partial<Record<Column, string>>;
  readonly args?: readonly string[];
  readonly env?: unknown;
  readonly problems: string[];
}

/** One record of a delimited file, its fields in the order of the header's columns. */
export function itemFromFields(
  columns: readonly Column[],
  fields: readonly string[],
  options: LineOptions,
): LineResult {
  if (fields.length > columns.length) {
    const counts = `${fields.length} fields but ${columns.length} columns`;
    return { ok: false, problem: `${counts}: a field that holds the delimiter must be wholly in double quotes` };
  }
  const texts: Partial<Record<Column, string>> = {};
  for (const [index, column] of columns.entries()) texts[column] = fields[index]?.trim() ?? '';
  return buildItem({ texts, problems: [] }, options);
}

/** One object of a JSON Lines file; keys are the column names in any case, without `Task` for script and args. */
export function itemFromJson(value: unknown, options: LineOptions): LineResult {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { ok: false, problem: 'must be one JSON object' };
  }
  const keys = Object.keys(value);
  const { columns, problems } = matchColumns(keys, 'key');
  const raw: { -readonly [K in keyof RawLine]: RawLine[K] } = { texts: {}, problems };
  for (const [index, content] of Object.values(value).entries()) {
    const column = columns[index];
    if (column === undefined || content === null) continue;
    if (column === 'args' && Array.isArray(content)) raw.args = argsFromJson(content, problems);
    else if (column === 'env' && typeof content === 'object') raw.env = content;
    else if (column === 'dependsOn' && Array.isArray(content)) raw.texts[column] = content.join(',');
    else if (typeof content === 'string') raw.texts[column] = content.trim();
    else if (typeof content === 'number' || typeof content === 'boolean') raw.texts[column] = String(content);
    else
      problems.push(`${COLUMN_NAMES[column]} must be a text, not ${Array.isArray(content) ? 'a list' : 'an object'}`);
  }
  return buildItem(raw, options);
}

function argsFromJson(list: readonly unknown[], problems: string[]): string[] {
  const odd = list.findIndex((arg) => typeof arg !== 'string' && typeof arg !== 'number');
  if (odd >= 0) problems.push(`TaskArgs: argument ${odd + 1} must be a text or a number`);
  return list.map((arg) => String(arg));
}

function buildItem(raw: RawLine, options: LineOptions): LineResult {
  const { texts, problems } = raw;
  const read = <T>(column: Column, reader: (text: string) => Value<T>): T | undefined =>
    take(column, texts[column] ? reader(texts[column]) : undefined, problems);

  const itemId = readId('itemId', texts, problems);
  const step = texts.step || options.defaultStep;
  if (!STEP_PATTERN.test(step)) problems.push(`Step ${JSON.stringify(step)} must match ${STEP_PATTERN.source}`);
  const taskId = readId('taskId', texts, problems);
  const shell = read('shell', readYesNo) ?? options.shellDefault;
  const nestedArgs = readArgs(raw, options, problems);
  const script = readScript(texts.script ?? '', shell, nestedArgs !== undefined, problems);
  const priority = read('priority', (text) => readInteger(text, -MAX_ABS_PRIORITY, MAX_ABS_PRIORITY)) ?? 0;
  const maxAttempts = read('maxAttempts', (text) => readInteger(text, 1, MAX_ATTEMPTS)) ?? 1;
  const timeoutMs = read('timeout', readTimeout);
  const silentTimeoutMs = read('silentTimeout', readTimeout);
  const notBefore = read('notBefore', readInstant);
  const nestedMode = read('nested', readNestedMode) ?? 'parallel';
  const env = raw.env === undefined ? read('env', readEnvText) : take('env', readEnv(raw.env), problems);
  if (texts.dependsOn) problems.push('DependsOn is not built yet: leave it empty');
  const item: ItemSpec = {
    itemId,
    step,
    taskId,
    script,
    priority,
    maxAttempts,
    shell: shell ?? false,
    nestedMode,
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(silentTimeoutMs !== undefined && { silentTimeoutMs }),
    ...(notBefore !== undefined && { notBefore }),
    ...(env !== undefined && Object.keys(env).length > 0 && { env }),
    ...(nestedArgs !== undefined && { nestedArgs }),
  };
  checkSize(item, problems);
  return problems.length === 0 ? { ok: true, item } : { ok: false, problem: problems.join('; ') };
}

function take<T>(column: Column, value: Value<T> | undefined, problems: string[]): T | undefined {
  if (value?.ok === false) problems.push(`${COLUMN_NAMES[column]} ${value.problem}`);
  return value?.ok === true ? value.value : undefined;
}

function readId(column: 'itemId' | 'taskId', texts: RawLine['texts'], problems: string[]): string {
  const id = texts[column] ?? '';
  const bytes = Buffer.byteLength(id);
  if (bytes === 0) problems.push(`${COLUMN_NAMES[column]} is empty`);
  if (bytes > MAX_ID_BYTES) problems.push(`${COLUMN_NAMES[column]} has ${bytes} bytes, at most ${MAX_ID_BYTES} fit`);
  if (badCharacter(id, /\p{Cc}/u)) problems.push(`${COLUMN_NAMES[column]} holds a control character or is not Unicode`);
  return id;
}

function readScript(text: string, shell: boolean | undefined, nested: boolean, problems: string[]): string {
  if (text === '') {
    problems.push('TaskScript is empty');
  } else if (badCharacter(text, /\0/)) {
    problems.push('TaskScript holds a NUL or half a surrogate pair');
  } else if (shell === true) {
    const problem = nested ? shellArgumentProblem(text) : undefined;
    if (problem !== undefined) problems.push(`TaskScript: nested arguments have no place: ${problem}`);
  } else {
    const parsed = parseScript(text, { operators: shell === false ? 'literal' : 'refuse' });
    if (!parsed.ok) problems.push(`TaskScript: ${parsed.problem}`);
  }
  return text;
}

/** Undefined for a single item: one with an empty list. */
function readArgs(raw: RawLine, options: LineOptions, problems: string[]): readonly string[] | undefined {
  const text = raw.texts.args ?? '';
  if (raw.args === undefined && text === '') return undefined;
  if (raw.args === undefined && options.nestedDelimiter === undefined) {
    problems.push(`TaskArgs ${NEEDS_DELIMITER}`);
    return undefined;
  }
  const args = raw.args ?? text.split(options.nestedDelimiter ?? '').map((arg) => arg.trim());
  if (args.length > MAX_NESTED) problems.push(`TaskArgs has ${args.length} arguments, at most ${MAX_NESTED} fit`);
  const empty = args.findIndex((arg) => arg === '');
  if (empty >= 0) problems.push(`TaskArgs: argument ${empty + 1} of ${args.length} is empty`);
  const odd = args.findIndex((arg) => badCharacter(arg, /\0/));
  if (odd >= 0) problems.push(`TaskArgs: argument ${odd + 1} holds a NUL or half a surrogate pair`);
  return args.length === 0 ? undefined : args;
}

function readNestedMode(text: string): Value<ItemSpec['nestedMode']> {
  const word = text.toLowerCase();
  if (word === 'parallel' || word === 'sequence') return { ok: true, value: word };
  return { ok: false, problem: `must be parallel or sequence, not ${JSON.stringify(text)}` };
}

/** Nested tasks have records of their own, so each argument counts alone. */
function checkSize(item: ItemSpec, problems: string[]): void {
  const env: Env = item.env ?? {};
  const bytes = sizeOf([item.itemId, item.step, item.taskId, item.script, ...Object.entries(env).flat()]);
  if (bytes > MAX_RECORD_BYTES) problems.push(`its record of about ${bytes} bytes is above ${MAX_RECORD_BYTES}`);
  const wide = item.nestedArgs?.findIndex((arg) => sizeOf([item.itemId, arg]) > MAX_RECORD_BYTES) ?? -1;
  if (wide >= 0) problems.push(`TaskArgs: argument ${wide + 1} is too long for a record of ${MAX_RECORD_BYTES} bytes`);
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), RECORD_OVERHEAD_BYTES);
}
