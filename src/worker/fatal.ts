import { AnamoError } from '../domain/errors.ts';

/** Errors that no waiting mends: the worker ends with them. */
const FATAL = new Set(['TABLE_MISSING', 'AWS_DENIED', 'AWS_NO_CREDENTIALS', 'SCHEMA_TOO_NEW', 'INTERNAL']);

/** Whether an error is trouble that may pass, so that the worker goes on and tries again. */
export function mayPass(error: unknown): error is AnamoError {
  return error instanceof AnamoError && !FATAL.has(error.code);
}
