import type { Part, Word } from './shell-words.ts';

export type FilledWords =
  { readonly ok: true; readonly argv: readonly string[] } | { readonly ok: false; readonly problem: string };

export interface FillOptions {
  /** Where `$NAME` is looked up; a value is never split into words. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes the place of each `{}`, or is one more word when there is none. Without it `{}` stays. */
  readonly nestedArg?: string;
}

/** Words to argv. A variable that is not set is a problem, never an empty text; all of them are named. */
export function fillWords(words: readonly Word[], options: FillOptions): FilledWords {
  const missing = new Set<string>();
  const argv = words.map((word) => word.map((part) => fillPart(part, options, missing)).join(''));
  if (missing.size > 0) {
    const names = [...missing].join(', ');
    return { ok: false, problem: `not set in the environment: ${names} (set it, or write it in '…' to keep the $)` };
  }
  const holes = words.some((word) => word.some((part) => part.kind === 'hole'));
  if (options.nestedArg !== undefined && !holes) argv.push(options.nestedArg);
  if (argv[0] === undefined || argv[0] === '') return { ok: false, problem: "the program's name is empty" };
  return { ok: true, argv };
}

function fillPart(part: Part, options: FillOptions, missing: Set<string>): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'hole':
      return options.nestedArg ?? '{}';
    case 'variable': {
      // hasOwn: `$constructor` must not find what every object has.
      const value = Object.hasOwn(options.env, part.name) ? options.env[part.name] : undefined;
      if (value === undefined) missing.add(part.name);
      return value ?? '';
    }
    default:
      throw new TypeError(`unknown part: ${JSON.stringify(part satisfies never)}`);
  }
}
