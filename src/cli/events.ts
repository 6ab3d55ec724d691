import type { Config } from '../config/config.ts';
import type { WorkerEvent } from '../domain/event.ts';
import type { Table } from '../library/types.ts';
import type { Io } from './io.ts';

/** What listens to a worker while it runs. */
export interface EventSink {
  onEvent(event: WorkerEvent): void;
  /** After the last event; never throws. */
  close(): Promise<void>;
}

/** A live view on a terminal, JSON lines otherwise, or what `--progress` says. Both write to stderr. */
export async function createEventSink(config: Config, io: Io, table: Pick<Table, 'status'>): Promise<EventSink> {
  switch (config.progress) {
    case 'none':
      return { onEvent: () => undefined, close: async () => undefined };
    case 'live':
      return liveView(config, io, table);
    case 'json':
      return jsonLines(config, io);
    case 'auto':
      return io.stderr.isTTY === true && !config.json ? liveView(config, io, table) : jsonLines(config, io);
    default:
      throw new TypeError(`unknown progress: ${String(config.progress satisfies never)}`);
  }
}

async function jsonLines(config: Config, io: Io): Promise<EventSink> {
  const { createEventLogger } = await import('../observability/logger.ts');
  const logger = createEventLogger({ level: config.logLevel, destination: io.stderr.fd ?? io.stderr });
  return {
    onEvent(event) {
      logger.onEvent(event);
    },
    close: async () => logger.flush(),
  };
}

async function liveView(config: Config, io: Io, table: Pick<Table, 'status'>): Promise<EventSink> {
  const { createLiveView } = await import('./live/view.ts');
  const options = config.steps === undefined ? {} : { steps: config.steps };
  const view = createLiveView({
    stream: io.stderr,
    now: () => Date.now(),
    totals: async () => table.status(options),
  });
  return {
    onEvent(event) {
      view.onEvent(event);
    },
    async close() {
      view.stop();
    },
  };
}
