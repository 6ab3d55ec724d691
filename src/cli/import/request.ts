import { AnamoError } from '../../domain/errors.ts';

/** What the command line asks to be imported. */
export interface ImportRequest {
  /** A path, or `-` for standard input. */
  readonly input: string;
  readonly format: 'delimited' | 'jsonl' | 'each' | 'by-look';
  readonly delimiter: string;
  readonly nestedDelimiter?: string;
  readonly step?: string;
  readonly shellDefault?: boolean;
  /** With format `each`: the words after `--`. */
  readonly template: readonly string[];
  readonly idTemplate?: string;
}

/** @throws AnamoError USAGE for flags that do not go together */
export function readRequest(options: Readonly<Record<string, unknown>>, args: readonly string[]): ImportRequest {
  const input = textOf(options['input']);
  const each = textOf(options['each']);
  if (input !== undefined && each !== undefined) throw usage('-i and --each exclude each other', 'give one of them');
  if (input === undefined && each === undefined) {
    throw usage(
      'nothing to import: neither -i nor --each is given',
      'give a file with -i FILE, or -i - for standard input',
    );
  }
  if (each === undefined && args.length > 0) {
    throw usage(`${args[0]} is not understood: only --each takes a command`, 'give the file with -i FILE');
  }
  const nestedDelimiter = textOf(options['nestedDelimiter']);
  const step = textOf(options['step']);
  const idTemplate = textOf(options['id']);
  const shellDefault = options['shell'];
  return {
    input: each ?? input ?? '-',
    format: each === undefined ? readFormat(textOf(options['format'])) : 'each',
    delimiter: textOf(options['delimiter']) ?? '|',
    template: args,
    ...(nestedDelimiter === undefined ? {} : { nestedDelimiter }),
    ...(step === undefined ? {} : { step }),
    ...(idTemplate === undefined ? {} : { idTemplate }),
    ...(typeof shellDefault === 'boolean' ? { shellDefault } : {}),
  };
}

function readFormat(text: string | undefined): ImportRequest['format'] {
  if (text === undefined) return 'by-look';
  if (text === 'delimited' || text === 'jsonl') return text;
  throw usage(`there is no format ${JSON.stringify(text)}`, 'formats are delimited and jsonl');
}

function usage(message: string, hint: string): AnamoError {
  return new AnamoError('USAGE', message, { hint });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
