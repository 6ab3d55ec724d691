import { quoteWord } from './quote-word.ts';
import { scanShell } from './shell-scan.ts';

/**
 * The argument is assigned once, quoted, and each `{}` becomes a reference to it. The shell never reads the result of an
 * expansion as code, so even a place that the scan takes for another kind cannot run what the argument says. Text put
 * straight into the script could: inside `…`, $(…) or ${…} no quoting fits all.
 */
const NAME = '__anamo_arg';
const REFERENCE = {
  command: `"\${${NAME}}"`,
  double: `\${${NAME}}`,
  single: `'"\${${NAME}}"'`,
  ansi: `'"\${${NAME}}"$'`,
} as const;
const NO_PLACE = 'write {} where it goes, as the script does not end in a simple command';

/** Fills `{}` in a script for bash with one argument, which stays one word; appended to the last command without `{}`. */
export function fillShellScript(text: string, nestedArg: string): string {
  const { holes, appendAt } = scanShell(text);
  let filled = '';
  let from = 0;
  for (const hole of holes) {
    filled += text.slice(from, hole.at) + REFERENCE[hole.context];
    from = hole.at + 2;
  }
  if (holes.length === 0) {
    // Appended to `a &` or `a;` the argument itself would be run. Import refuses these.
    if (appendAt === undefined) throw new Error(`no place for the nested argument: ${NO_PLACE}`);
    filled = `${text.slice(0, appendAt)} ${REFERENCE.command}`;
    from = appendAt;
  }
  return `${NAME}=${quoteWord(nestedArg)}; ${filled}${text.slice(from)}`;
}

/** Why a nested argument has no place in a script for bash; undefined when it has one. */
export function shellArgumentProblem(text: string): string | undefined {
  const { holes, appendAt } = scanShell(text);
  return holes.length > 0 || appendAt !== undefined ? undefined : NO_PLACE;
}
