import type { LogKey, LogRef } from '../domain/log-ref.ts';
import { addFallback, routeLog, type LogFallback } from '../domain/log-route.ts';
import type { LogSettings } from '../domain/work.ts';
import type { CapturedLog } from './capture.ts';
import { cutMark } from './captured-content.ts';
import type { LogSink, StoredLog } from './sink.ts';
import { fileSink } from './sinks/file.ts';
import { inlineSink } from './sinks/inline.ts';
import { removeSpool } from './spool-file.ts';

const MAX_REASON = 300;

/**
 * Puts a captured log where its size and the settings say, and removes its spool file. A sink that fails is passed over for
 * the next, and the answer says so; never rejects for a failing storage, because a log must not cost an outcome.
 */
export async function storeLog(captured: CapturedLog, key: LogKey, settings: LogSettings): Promise<LogRef> {
  const { bytes, lines, stderrTail, results } = captured;
  const route = routeLog({
    bytes,
    inlineBytes: settings.inlineBytes,
    hasFileSink: settings.fileDir !== undefined,
    ...(settings.unavailable === undefined ? {} : { unavailable: settings.unavailable }),
  });
  let fallback = route.fallback;
  if (captured.problem !== undefined) fallback = addFallback(fallback, 'spool', shorten(captured.problem));

  let stored: (StoredLog & { readonly sink: LogRef['sink'] }) | { readonly sink: 'none' } = { sink: 'none' };
  for (const name of route.sinks) {
    if (name === 'none') break;
    const attempt = await tryStore(sinkNamed(name, settings), captured, key);
    if ('stored' in attempt) {
      stored = { sink: name, ...attempt.stored };
      break;
    }
    fallback = addFallback(fallback, name, attempt.reason);
    // Not even what the spool file held is left: the counts and the end of stderr are.
    stored = { sink: 'inline', inline: cutMark(bytes) };
  }
  if (captured.spoolPath !== undefined) await removeSpool(captured.spoolPath);
  return refOf({ bytes, lines, stderrTail, results }, stored, fallback);
}

function sinkNamed(name: 'inline' | 'file', settings: LogSettings): LogSink {
  if (name === 'file' && settings.fileDir !== undefined) return fileSink(settings.fileDir);
  return inlineSink(settings.inlineBytes);
}

async function tryStore(
  sink: LogSink,
  captured: CapturedLog,
  key: LogKey,
): Promise<{ readonly stored: StoredLog } | { readonly reason: string }> {
  try {
    return { stored: await sink.store(captured, key) };
  } catch (error) {
    return { reason: shorten(error instanceof Error ? error.message : String(error)) };
  }
}

function shorten(text: string): string {
  return text.length <= MAX_REASON ? text : `${text.slice(0, MAX_REASON)}…`;
}

function refOf(
  kept: Pick<LogRef, 'bytes' | 'lines' | 'stderrTail' | 'results'>,
  stored: Pick<LogRef, 'sink' | 'inline' | 'location'>,
  fallback: LogFallback | undefined,
): LogRef {
  return { ...kept, ...stored, ...(fallback === undefined ? {} : { fallback }) };
}
