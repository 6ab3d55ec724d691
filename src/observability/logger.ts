import { pino } from 'pino';

import type { StopReason, WorkerEvent } from '../domain/event.ts';
import { describeOutcome } from '../domain/outcome.ts';
import { openLineWriter } from './line-writer.ts';
import type { LineWriter } from './line-writer.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
type LineLevel = Exclude<LogLevel, 'silent'>;

export interface EventLogger {
  /** One JSON line for the event; never throws. */
  onEvent(event: WorkerEvent): void;
  /** Resolves when all lines are out, or after 2 s with a reader that does not read; never rejects. */
  flush(): Promise<void>;
}

export interface EventLoggerOptions {
  readonly level: LogLevel;
  /** A stream or an open file descriptor; stderr when absent. */
  readonly destination?: NodeJS.WritableStream | number;
}

/** The constant message of each event; what varies is in the fields. docs/reference/events.md lists the same names. */
export const EVENT_MESSAGES = {
  'worker-started': 'worker started',
  'worker-stopping': 'worker stops',
  'worker-stopped': 'worker stopped',
  'item-claimed': 'item claimed',
  'claim-conflict': 'another worker was faster',
  'claim-unknown': 'no answer to a claim',
  'poll-empty': 'nothing to claim',
  'child-started': 'command started',
  'nested-finished': 'nested task ended',
  'item-finished': 'item ended',
  'item-fenced': 'item belongs to another worker by now, its outcome was refused',
  'item-promoted': 'item is due',
  'store-trouble': 'table does not answer as it should',
} as const satisfies Record<WorkerEvent['type'], string>;

const FLUSH_PATIENCE_MS = 2000;
const MAX_PENDING = 8 * 1024 * 1024;
// DEL and C1 controls, which JSON leaves as they are and some terminals obey.
const RAW_CONTROLS = /[\u007f-\u009f]/g;

/** A listener that writes each event of the chosen level and above as one JSON line, without waiting for the reader. */
export function createEventLogger(options: EventLoggerOptions): EventLogger {
  const writer = writerFor(options.destination ?? process.stderr.fd);
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => line.replace(RAW_CONTROLS, escapeControl) },
    },
    writer,
  );
  return {
    onEvent(event) {
      try {
        const level = levelOf(event);
        if (log.isLevelEnabled(level)) log[level](fieldsOf(event), EVENT_MESSAGES[event.type]);
      } catch {
        // A line that cannot be written is lost; the work goes on.
      }
    },
    flush: async () => writer.flush(FLUSH_PATIENCE_MS),
  };
}

/** How loud an event is: ways of working debug, progress info, failures and trouble warn, loss of an item or a worker error. */
export function levelOf(event: WorkerEvent): LineLevel {
  switch (event.type) {
    case 'claim-conflict':
    case 'poll-empty':
    case 'child-started':
    case 'item-promoted':
      return 'debug';
    case 'worker-started':
    case 'item-claimed':
      return 'info';
    case 'worker-stopping':
      return stopLevel(event.reason);
    case 'worker-stopped':
      return stopLevel(event.summary.reason);
    case 'nested-finished':
    case 'item-finished':
      return event.cause === 'ok' || event.cause === 'interrupted' ? 'info' : 'warn';
    case 'claim-unknown':
    case 'store-trouble':
      return 'warn';
    case 'item-fenced':
      return 'error';
    default:
      return impossible(event);
  }
}

function stopLevel(reason: StopReason): LineLevel {
  return reason === 'fenced' || reason === 'error' ? 'error' : 'info';
}

function fieldsOf(event: WorkerEvent): Record<string, unknown> {
  const { type, at, ...fields } = event;
  const head = { time: new Date(at).toISOString(), event: type };
  const failed = 'outcome' in event && event.cause !== 'ok';
  return failed ? { ...head, ...fields, detail: describeOutcome(event.outcome) } : { ...head, ...fields };
}

function writerFor(destination: NodeJS.WritableStream | number): LineWriter {
  if (typeof destination !== 'number') return streamWriter(destination);
  return openLineWriter(destination, { maxPending: MAX_PENDING, lossLine });
}

function lossLine(dropped: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: 'warn', time, event: 'log-lines-lost', lost: dropped, msg: 'log lines lost' })}\n`;
}

function streamWriter(stream: NodeJS.WritableStream): LineWriter {
  // Without a listener a reader that hangs up would end the worker.
  stream.on('error', () => undefined);
  return {
    write(line) {
      if (stream.writable) stream.write(line);
    },
    async flush(withinMs) {
      if (!stream.writable) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      stream.write('', () => {
        resolve();
      });
      await promise;
      clearTimeout(timer);
    },
  };
}

function escapeControl(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function impossible(event: never): never {
  throw new TypeError(`unknown event: ${JSON.stringify(event)}`);
}
