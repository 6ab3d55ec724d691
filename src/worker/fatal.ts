import { AnamoError } from '../domain/errors.ts';

/**
 * Errors that no waiting mends: the worker ends with them. Missing credentials are not among them: they were there at the start,
 * and a metadata service that does not answer for a while must not end 50-hour items.
 */
const FATAL = new Set(['TABLE_MISSING', 'AWS_DENIED', 'SCHEMA_TOO_NEW', 'INTERNAL']);

/** Whether an error is trouble that may pass, so that the worker goes on and tries again. */
export function mayPass(error: unknown): error is AnamoError {
  return error instanceof AnamoError && !FATAL.has(error.code);
}
