import { AnamoError } from '../domain/errors.ts';
import { cleanText } from './live/text.ts';
import type { Io } from './io.ts';

export interface ErrorStyle {
  readonly json: boolean;
  /** Show the stack and what caused it. */
  readonly debug: boolean;
}

/** Says on stderr what is wrong and the way out; returns the exit code. */
export function reportError(error: unknown, io: Pick<Io, 'stderr' | 'env'>, style: ErrorStyle): number {
  const known = toKnown(error);
  const stack = style.debug ? stackOf(error) : undefined;
  io.stderr.write(style.json ? asJson(known, stack) : asText(known, stack));
  return known.exitCode;
}

function toKnown(error: unknown): AnamoError {
  if (error instanceof AnamoError) return error.hint === undefined ? withHint(error) : error;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new AnamoError('INTERNAL', `an error that should not happen: ${message}`, {
    hint: 'run it again with --debug, and report what it prints',
    cause: error,
  });
}

/** Every error says a way out, also one whose thrower knew none. */
function withHint(error: AnamoError): AnamoError {
  const hint =
    error.exitCode === 1 ? 'anamo doctor looks for the cause' : 'anamo <command> --help shows the flags and examples';
  return new AnamoError(error.code, error.message, { hint, cause: error.cause });
}

function asText(error: AnamoError, stack: string | undefined): string {
  const [first = '', ...rest] = error.message.split('\n');
  const lines = [`anamo: ${cleanText(first)}`, ...rest.map((line) => `  ${cleanText(line.trim())}`)];
  if (error.hint !== undefined) lines.push(`  → ${cleanText(error.hint)}`);
  if (stack !== undefined) lines.push(stack);
  return `${lines.join('\n')}\n`;
}

function asJson(error: AnamoError, stack: string | undefined): string {
  const { code, message, hint } = error;
  return `${JSON.stringify({ error: { code, message, ...(hint === undefined ? {} : { hint }), ...(stack === undefined ? {} : { stack }) } })}\n`;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.stack ?? error.message;
  return error.cause === undefined ? own : `${own}\ncaused by: ${stackOf(error.cause)}`;
}

/** A reader that hung up (`anamo items | head`) ends the command quietly. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
