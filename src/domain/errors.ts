/**
 * Every error that a user can meet. `docs/reference/errors.md` documents each code and a test compares the two lists.
 * exit 2: the user can mend it (usage, configuration, schema too new); exit 1: not the user's fault.
 */
export const ERROR_CODES = {
  USAGE: 2,
  CONFIG_INVALID: 2,
  CONFIG_UNREADABLE: 2,
  INPUT_UNREADABLE: 2,
  IMPORT_HEADER: 2,
  IMPORT_BAD_LINES: 3,
  TABLE_MISSING: 2,
  TABLE_NOT_ANAMO: 2,
  TABLE_NOT_READY: 1,
  SCHEMA_TOO_NEW: 2,
  STEP_LIMIT: 2,
  STEP_UNKNOWN: 2,
  ITEM_UNKNOWN: 2,
  LOG_UNREADABLE: 1,
  AWS_NO_CREDENTIALS: 2,
  AWS_NO_REGION: 2,
  AWS_BAD_CREDENTIALS: 2,
  AWS_DENIED: 2,
  AWS_UNREACHABLE: 1,
  AWS_THROTTLED: 1,
  AWS_FAILED: 1,
  LOCAL_UNAVAILABLE: 1,
  LOCAL_MISSING: 2,
  SPOOL_UNUSABLE: 2,
  INTERNAL: 1,
} as const satisfies Record<string, 1 | 2 | 3>;
export type ErrorCode = keyof typeof ERROR_CODES;

/** An error with a code, one sentence that says what is wrong, and one that says the way out. */
export class AnamoError extends Error {
  override readonly name = 'AnamoError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}
