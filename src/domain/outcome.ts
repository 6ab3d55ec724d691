/**
 * How one run of one command ended, as data. An expected end is never an exception.
 * `message` is one sentence for people, without secrets.
 */
export type Outcome =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | { readonly kind: 'timed-out'; readonly afterMs: number }
  | { readonly kind: 'silent-too-long'; readonly afterMs: number }
  | { readonly kind: 'spawn-failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'out-of-memory' }
  | { readonly kind: 'disk-limit' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lost-lease' }
  /** The worker stopped first (signal, drain): not a failure, the work goes back to the list. */
  | { readonly kind: 'interrupted' }
  /** A whole item with nested tasks: how many ended how. */
  | { readonly kind: 'nested'; readonly done: number; readonly failed: number; readonly unfinished: number };

/** The word that lists, filters and exit rules use. `ok` is the only success. */
export type Cause =
  | 'ok'
  | 'exit-code'
  | 'signal'
  | 'timeout'
  | 'silent-timeout'
  | 'spawn-failed'
  | 'out-of-memory'
  | 'disk-limit'
  | 'cancelled'
  | 'lost-lease'
  | 'interrupted'
  | 'nested-failed';

export function causeOf(outcome: Outcome): Cause {
  switch (outcome.kind) {
    case 'exited':
      return outcome.code === 0 ? 'ok' : 'exit-code';
    case 'signalled':
      return 'signal';
    case 'timed-out':
      return 'timeout';
    case 'silent-too-long':
      return 'silent-timeout';
    case 'spawn-failed':
    case 'out-of-memory':
    case 'disk-limit':
    case 'cancelled':
    case 'lost-lease':
    case 'interrupted':
      return outcome.kind;
    case 'nested':
      if (outcome.unfinished > 0 && outcome.failed === 0) return 'interrupted';
      return outcome.failed > 0 ? 'nested-failed' : 'ok';
    default:
      return impossible(outcome);
  }
}

/** What shells and kernels mean by some exit codes. */
const EXIT_CODE_WORDS: Readonly<Record<number, string>> = {
  126: ' (found, but not executable)',
  127: ' (a program or file was not found)',
  141: ' (SIGPIPE: a later part of a pipe stopped reading)',
  137: ' (killed by SIGKILL, perhaps for lack of memory)',
  143: ' (ended by SIGTERM)',
};

/** One sentence that says what happened, for `show`, `status` and the log. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'exited':
      return `exited with ${outcome.code}${EXIT_CODE_WORDS[outcome.code] ?? ''}`;
    case 'signalled':
      return `ended by ${outcome.signal}`;
    case 'timed-out':
      return `ran longer than its timeout of ${outcome.afterMs / 1000} s`;
    case 'silent-too-long':
      return `wrote nothing for ${outcome.afterMs / 1000} s`;
    case 'spawn-failed':
      return outcome.message;
    case 'out-of-memory':
      return 'killed for lack of memory';
    case 'disk-limit':
      return 'its scratch folder filled the disk';
    case 'cancelled':
      return 'cancelled';
    case 'lost-lease':
      return 'the worker lost its lease';
    case 'interrupted':
      return 'the worker was told to stop';
    case 'nested':
      return `nested tasks: ${outcome.done} done, ${outcome.failed} failed, ${outcome.unfinished} not finished`;
    default:
      return impossible(outcome);
  }
}

function impossible(value: never): never {
  throw new TypeError(`unknown outcome: ${JSON.stringify(value)}`);
}
