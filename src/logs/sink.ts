import type { LogKey, LogRef } from '../domain/log-ref.ts';
import type { CapturedLog } from './capture.ts';

/**
 * A place for finished logs. What it stored comes back through openLog(), byte for byte. Storing the same log under the same
 * key again changes nothing. It rejects with whatever its library throws when it cannot store; storeLog() makes data of that.
 */
export interface LogSink {
  readonly name: Exclude<LogRef['sink'], 'none'>;
  store(captured: CapturedLog, key: LogKey): Promise<StoredLog>;
}

/** Where it is (a URI), or the bytes for the record itself. */
export type StoredLog = { readonly location: string } | { readonly inline: Uint8Array };
