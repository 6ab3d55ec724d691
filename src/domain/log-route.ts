import type { LogRef } from './log-ref.ts';

export type LogFallback = NonNullable<LogRef['fallback']>;

/** The sinks to try, best first; the last one, `inline`, always works, cutting what does not fit. */
export interface LogRoute {
  readonly sinks: readonly ('none' | 'inline' | 'file')[];
  /** Present when it is known beforehand that the size asks for a sink that does not exist. */
  readonly fallback?: LogFallback;
}

/** Where a finished log goes: by its size, then by what is configured. Sizes in bytes. */
export function routeLog(log: {
  readonly bytes: number;
  readonly inlineBytes: number;
  readonly hasFileSink: boolean;
  readonly unavailable?: { readonly sink: string; readonly reason: string };
}): LogRoute {
  if (log.bytes === 0) return { sinks: ['none'] };
  if (log.bytes <= log.inlineBytes) return { sinks: ['inline'] };
  const fallback =
    log.unavailable === undefined ? undefined : { from: log.unavailable.sink, reason: log.unavailable.reason };
  if (log.hasFileSink) return { sinks: ['file', 'inline'], ...(fallback === undefined ? {} : { fallback }) };
  return { sinks: ['inline'], fallback: fallback ?? { from: 'file', reason: 'no place for big logs is configured' } };
}

/** One more reason: the first sink that was asked for stays the one named, each later one is added with its own reason. */
export function addFallback(known: LogFallback | undefined, from: string, reason: string): LogFallback {
  if (known === undefined) return { from, reason };
  return { from: known.from, reason: `${known.reason}; ${from}: ${reason}` };
}
