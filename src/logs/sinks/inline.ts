import { cutCaptured } from '../captured-content.ts';
import type { LogSink } from '../sink.ts';

/** Keeps the log in the record; one longer than `limit` bytes is cut in the middle. */
export function inlineSink(limit: number): LogSink {
  return {
    name: 'inline',
    store: async (captured) => ({ inline: await cutCaptured(captured, limit) }),
  };
}
