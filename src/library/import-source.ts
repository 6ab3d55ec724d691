import { AnamoError } from '../domain/errors.ts';
import { COLUMN_NAMES, readHeader, type Column } from '../domain/import-columns.ts';
import { itemFromFields, itemFromJson, type LineOptions, type LineResult } from '../domain/import-line.ts';
import { quoteWord } from '../domain/quote-word.ts';
import { fillShellScript, shellArgumentProblem } from '../domain/shell-script.ts';
import { readLines, type Input } from './input-lines.ts';
import { splitFields } from './split-fields.ts';
import type { ImportEntry } from './types.ts';

export interface DelimitedOptions extends LineOptions {
  /** One character, or `\t` as two. */
  readonly delimiter: string;
}

export interface EachOptions {
  /** The words after `--`; `{}` stands for the sample. With shellDefault a single word is a script for bash. */
  readonly template: readonly string[];
  readonly defaultStep: string;
  readonly step?: string | undefined;
  readonly shellDefault?: boolean | undefined;
  /** Item id with `{}` for the sample; default `<step>.{}`. */
  readonly idTemplate?: string | undefined;
}

/**
 * Streams the entries of a delimited file with a header row. Throws USAGE for delimiters that cannot be, IMPORT_HEADER
 * and INPUT_UNREADABLE; what is wrong with a single line is an entry.
 */
export async function* readDelimited(input: Input, options: DelimitedOptions): AsyncGenerator<ImportEntry> {
  const delimiter = readDelimiter(options.delimiter, '-d');
  const lineOptions = withNestedDelimiter(options);
  if (lineOptions.nestedDelimiter === delimiter) {
    throw new AnamoError('USAGE', 'the delimiters of fields (-d) and of nested arguments (-n) are the same');
  }
  let columns: readonly Column[] | undefined;
  for await (const batch of readLines(input)) {
    for (const row of batch) {
      const fields = 'problem' in row ? { ok: false as const, problem: row.problem } : splitFields(row.text, delimiter);
      if (columns === undefined) columns = columnsOf(fields.ok ? fields.fields : fields.problem, row.line, delimiter);
      else if (fields.ok) yield asEntry(row.line, itemFromFields(columns, fields.fields, lineOptions));
      else yield { line: row.line, problem: fields.problem };
    }
  }
  if (columns === undefined) throw headerError('the input is empty', undefined);
}

/** Streams the entries of a JSON Lines file: one object per line. Throws USAGE and INPUT_UNREADABLE. */
export async function* readJsonLines(input: Input, options: LineOptions): AsyncGenerator<ImportEntry> {
  const lineOptions = withNestedDelimiter(options);
  for await (const batch of readLines(input)) {
    for (const row of batch) yield 'problem' in row ? row : jsonEntry(row.line, row.text, lineOptions);
  }
}

/** Streams one entry per line of a list of samples; the sample stays one word of the command. Throws USAGE, INPUT_UNREADABLE. */
export async function* readEach(input: Input, options: EachOptions): AsyncGenerator<ImportEntry> {
  const step = options.step ?? options.defaultStep;
  const idTemplate = options.idTemplate ?? `${step}.{}`;
  if (!idTemplate.includes('{}')) throw new AnamoError('USAGE', `the item id ${idTemplate} has no {} for the sample`);
  const script = scriptMaker(options);
  for await (const batch of readLines(input)) {
    for (const row of batch) {
      if ('problem' in row) {
        yield row;
        continue;
      }
      const sample = row.text.trim();
      const itemId = idTemplate.replaceAll('{}', () => sample);
      const fields = [itemId, sample, step, script(sample)];
      yield asEntry(row.line, itemFromFields(['itemId', 'taskId', 'step', 'script'], fields, options));
    }
  }
}

function jsonEntry(line: number, text: string, options: LineOptions): ImportEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { line, problem: `the line is not one JSON object: ${error instanceof Error ? error.message : 'not JSON'}` };
  }
  return asEntry(line, itemFromJson(value, options));
}

function asEntry(line: number, result: LineResult): ImportEntry {
  return result.ok ? { line, item: result.item } : { line, problem: result.problem };
}

function scriptMaker(options: EachOptions): (sample: string) => string {
  const { template, shellDefault } = options;
  const [only = '', ...others] = template;
  if (only === '') throw new AnamoError('USAGE', '--each needs a command after --');
  if (shellDefault === true && others.length === 0) {
    const problem = shellArgumentProblem(only);
    if (problem !== undefined) throw new AnamoError('USAGE', `the sample has no place in the script: ${problem}`);
    return (sample) => fillShellScript(only, sample);
  }
  checkWords(template, shellDefault);
  const words = template.some((word) => word.includes('{}')) ? template : [...template, '{}'];
  return (sample) => words.map((word) => quoteWord(word.replaceAll('{}', () => sample))).join(' ');
}

/** Words after `--` that look like a shell's would be passed on as text, which may "succeed" with wrong results. */
function checkWords(template: readonly string[], shellDefault: boolean | undefined): void {
  if (shellDefault === false) return;
  const hint = "for a shell script give it as one word: --shell -- 'a {} | b'; --no-shell takes all words as they are";
  const operator = template.find((word) => /^\d*[|&;<>]/.test(word));
  if (operator !== undefined) throw new AnamoError('USAGE', `a shell operator in the command: ${operator}`, { hint });
  if (template.length === 1 && /\s/.test(template[0] ?? '')) {
    const message = `the command after -- is one word with blanks: ${template[0]}`;
    throw new AnamoError('USAGE', message, { hint: `give its words without quotes around all; ${hint}` });
  }
}

function withNestedDelimiter(options: LineOptions): LineOptions {
  if (options.nestedDelimiter === undefined) return options;
  return { ...options, nestedDelimiter: readDelimiter(options.nestedDelimiter, '-n') };
}

function readDelimiter(text: string, flag: string): string {
  if (text === String.raw`\t`) return '\t';
  if (/^[^"\r\n]$/u.test(text)) return text;
  const message = `the delimiter ${flag} ${JSON.stringify(text)} must be one character or \\t, and no double quote`;
  throw new AnamoError('USAGE', message);
}

function columnsOf(fields: readonly string[] | string, line: number, delimiter: string): readonly Column[] {
  if (typeof fields === 'string') throw headerError(`line ${line}, the header: ${fields}`, undefined);
  const header = readHeader(fields);
  if (header.ok) return header.columns;
  const seen = fields.join(delimiter);
  const shown = JSON.stringify(seen.length > 200 ? `${seen.slice(0, 200)}…` : seen);
  throw headerError(
    `line ${line} is no header: ${header.problem}; seen was ${shown}`,
    wrongDelimiter(fields, delimiter),
  );
}

function wrongDelimiter(fields: readonly string[], delimiter: string): string | undefined {
  if (fields.length > 1) return undefined;
  const other = ['|', '\t', ',', ';'].find((char) => char !== delimiter && fields[0]?.includes(char));
  if (other === undefined) return undefined;
  return `the header is one column with -d '${show(delimiter)}'; is it -d '${show(other)}'?`;
}

function show(delimiter: string): string {
  return delimiter === '\t' ? String.raw`\t` : delimiter;
}

function headerError(message: string, hint: string | undefined): AnamoError {
  const expected = `the first line names the columns, at least ${COLUMN_NAMES.itemId}, ${COLUMN_NAMES.taskId} and ${COLUMN_NAMES.script}`;
  return new AnamoError('IMPORT_HEADER', message, { hint: hint ?? expected });
}
