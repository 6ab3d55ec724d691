import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';

import type { WorkerEvent } from '../../src/domain/event.ts';
import { createEventLogger, EVENT_MESSAGES, levelOf } from '../../src/observability/logger.ts';
import type { LogLevel } from '../../src/observability/logger.ts';

const AT = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const failed = {
  at: AT,
  type: 'item-finished',
  step: 'align',
  itemId: 'Sample3',
  state: 'failed',
  cause: 'exit-code',
  outcome: { kind: 'exited', code: 2 },
  durationMs: 1500,
} as const satisfies WorkerEvent;

const summary = { done: 3, failed: 1, retried: 0, givenBack: 0, fenced: 0, nestedDone: 0, nestedFailed: 0 };
const item = { at: AT, step: 'align', itemId: 'Sample3' };
const EXAMPLES: { readonly [T in WorkerEvent['type']]: Extract<WorkerEvent, { type: T }> } = {
  'worker-started': { at: AT, type: 'worker-started', workerId: 'w', table: 't', slots: 1, nests: 1, steps: ['align'] },
  'worker-stopping': { at: AT, type: 'worker-stopping', workerId: 'w', reason: 'sigterm' },
  'worker-stopped': { at: AT, type: 'worker-stopped', workerId: 'w', summary: { ...summary, reason: 'idle' } },
  'item-claimed': { ...item, type: 'item-claimed', taskId: 'S3', fence: 2, nestedTotal: 4, nestedDone: 1 },
  'claim-conflict': { ...item, type: 'claim-conflict' },
  'claim-unknown': { ...item, type: 'claim-unknown', message: 'timed out' },
  'poll-empty': { at: AT, type: 'poll-empty' },
  'child-started': { ...item, type: 'child-started', pid: 77, nested: 2 },
  'nested-finished': {
    ...item,
    type: 'nested-finished',
    nested: 2,
    cause: 'timeout',
    outcome: { kind: 'timed-out', afterMs: 5000 },
    durationMs: 5001,
  },
  'item-finished': failed,
  'item-fenced': { ...item, type: 'item-fenced', fence: 2 },
  'item-promoted': { ...item, type: 'item-promoted' },
  'store-trouble': { at: AT, type: 'store-trouble', operation: 'finish', message: 'timed out', retryInMs: 500 },
};

async function linesOf(level: LogLevel, events: readonly WorkerEvent[]): Promise<string[]> {
  const destination = new PassThrough();
  const logger = createEventLogger({ level, destination });
  for (const event of events) logger.onEvent(event);
  const all = text(destination);
  await logger.flush();
  destination.end();
  return (await all).split('\n').filter((line) => line !== '');
}

describe('a line', () => {
  test('has the level as a word, the instant of the event, constant words, and the rest as fields', async () => {
    const lines = await linesOf('info', [failed]);
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      {
        level: 'warn',
        time: '2026-01-02T03:04:05.678Z',
        event: 'item-finished',
        step: 'align',
        itemId: 'Sample3',
        state: 'failed',
        cause: 'exit-code',
        outcome: { kind: 'exited', code: 2 },
        durationMs: 1500,
        detail: 'exited with 2',
        msg: 'item ended',
      },
    ]);
  });

  test('keeps ids as they are without a byte that drives a terminal', async () => {
    const itemId = 'a\u001b[2J\u009b31m\u007f\n样';
    const [line = ''] = await linesOf('info', [{ ...failed, itemId }]);
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(JSON.parse(line)).toMatchObject({ itemId });
  });

  test('comes for each kind of event, with its message', async () => {
    const lines = await linesOf('debug', Object.values(EXAMPLES));
    const messages = Object.entries(EVENT_MESSAGES).map(([event, msg]) => ({ event, msg }));
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject(messages);
  });
});

describe('levels', () => {
  test.each<[string, WorkerEvent, string]>([
    ['a failed item', failed, 'warn'],
    ['an item that will be retried', { ...failed, state: 'waiting' }, 'warn'],
    ['a done item', { ...failed, state: 'done', cause: 'ok', outcome: { kind: 'exited', code: 0 } }, 'info'],
    [
      'an item given back',
      { ...failed, state: 'todo', cause: 'interrupted', outcome: { kind: 'interrupted' } },
      'info',
    ],
    ['a conflict', { at: AT, type: 'claim-conflict', step: 's', itemId: 'i' }, 'debug'],
    ['an empty poll', { at: AT, type: 'poll-empty' }, 'debug'],
    ['store trouble', { at: AT, type: 'store-trouble', operation: 'o', message: 'm', retryInMs: 1 }, 'warn'],
    ['a fenced item', { at: AT, type: 'item-fenced', step: 's', itemId: 'i', fence: 1 }, 'error'],
    ['an idle worker', { at: AT, type: 'worker-stopping', workerId: 'w', reason: 'idle' }, 'info'],
    ['a fenced worker', { at: AT, type: 'worker-stopping', workerId: 'w', reason: 'fenced' }, 'error'],
  ])('%s', (_what, event, level) => {
    expect(levelOf(event)).toBe(level);
  });

  test.each([
    ['debug', 2],
    ['info', 1],
    ['warn', 1],
    ['error', 0],
    ['silent', 0],
  ] as const)('%s lets %d of a poll and a failure through', async (level, count) => {
    expect(await linesOf(level, [{ at: AT, type: 'poll-empty' }, failed])).toHaveLength(count);
  });
});

describe('never throws', () => {
  test('for an event that cannot be written', async () => {
    expect(await linesOf('debug', [{ ...failed, at: Number.NaN }, failed])).toHaveLength(1);
  });

  test.each([
    ['a stream that fails', () => new Writable({ write: (_chunk, _encoding, done) => done(new Error('gone')) })],
    ['a stream that has ended', () => new PassThrough().end()],
    ['a stream that never takes anything', () => new Writable({ highWaterMark: 1, write: () => undefined })],
  ])('for %s', { timeout: 5000 }, async (_what, open) => {
    const logger = createEventLogger({ level: 'info', destination: open() });
    logger.onEvent(failed);
    await expect(logger.flush()).resolves.toBeUndefined();
    logger.onEvent(failed);
  });

  test('for a full disk', { skip: process.platform !== 'linux' }, async () => {
    const full = openSync('/dev/full', 'w');
    const logger = createEventLogger({ level: 'info', destination: full });
    logger.onEvent(failed);
    await expect(logger.flush()).resolves.toBeUndefined();
    logger.onEvent(failed);
    closeSync(full);
  });
});

test('flush waits for a file to hold every line, in order', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'anamo-logger-'));
  const file = join(dir, 'log');
  const destination = openSync(file, 'w');
  try {
    const listeners = process.listenerCount('exit');
    const logger = createEventLogger({ level: 'info', destination });
    for (let n = 0; n < 20_000; n += 1) logger.onEvent({ ...failed, itemId: `S${n}` });
    await logger.flush();
    const ids = readFileSync(file, 'utf8').match(/"S\d+"/g) ?? [];
    expect(ids).toEqual(Array.from({ length: 20_000 }, (_, n) => `"S${n}"`));
    expect(process.listenerCount('exit')).toBe(listeners);
  } finally {
    closeSync(destination);
    rmSync(dir, { recursive: true });
  }
});

describe('in a process of its own', () => {
  const logger = JSON.stringify(new URL('../../src/observability/logger.ts', import.meta.url).href);
  const start = (lines: number, end: string) =>
    spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { createEventLogger } from ${logger};
         const logger = createEventLogger({ level: 'info' });
         const event = ${JSON.stringify(failed)};
         for (let n = 0; n < ${lines}; n += 1) logger.onEvent({ ...event, itemId: 'S' + n });
         ${end}`,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );

  test.each([
    ['an exception', 'throw new Error("boom")', 1],
    ['process.exit', 'process.exit(7)', 7],
    ['a rejection', 'await Promise.reject(new Error("boom"))', 1],
    ['the plain end', '', 0],
  ])('no line is lost at %s', async (_what, end, code) => {
    const child = start(3000, end);
    const [err, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(status).toBe(code);
    expect(err.match(/"itemId":"S\d+"/g)).toHaveLength(3000);
  });

  test('a reader that hangs up does not keep it from ending', async () => {
    const child = start(3000, 'setTimeout(() => { logger.onEvent(event); process.exit(5); }, 50)');
    child.stderr.destroy();
    const [status] = await once(child, 'exit');
    expect(status).toBe(5);
  });

  test('a reader that stops reading costs lines, not memory or progress, and the log says how many', async () => {
    const child = start(60_000, `await logger.flush(); console.log('went on');`);
    await once(child.stdout, 'data');
    const err = await text(child.stderr);
    const lines = err.trimEnd().split('\n');
    const { lost } = JSON.parse(lines.at(-1) ?? '') as { lost: number };
    expect(lost).toBeGreaterThan(1000);
    expect(lines.length - 1 + lost).toBe(60_000);
  });
});
