import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import { createIdleMemory } from '../../src/library/idle-memory.ts';
import { releaseMemory } from '../../src/support/release-memory.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function watch() {
  let released = 0;
  const memory = createIdleMemory(() => Promise.resolve(void released++));
  const say = (...types: WorkerEvent['type'][]): void => {
    for (const type of types) memory.onEvent({ type } as WorkerEvent);
  };
  return { say, released: () => released };
}

it('gives memory back once, 3 s after a worker that has worked found nothing more', () => {
  const { say, released } = watch();
  say('item-claimed', 'item-finished', 'poll-empty');
  vi.advanceTimersByTime(2999);
  expect(released()).toBe(0);
  vi.advanceTimersByTime(1);
  expect(released()).toBe(1);
  say('poll-empty');
  vi.advanceTimersByTime(60_000);
  expect(released()).toBe(1);
  say('item-claimed', 'item-finished', 'poll-empty');
  vi.advanceTimersByTime(3000);
  expect(released()).toBe(2);
});

it.each<[string, WorkerEvent['type'][]]>([
  ['that never worked', ['poll-empty']],
  ['with an item that runs', ['item-claimed', 'item-claimed', 'item-finished', 'poll-empty']],
  ['that found something again', ['item-claimed', 'item-finished', 'poll-empty', 'item-claimed']],
  ['that has ended', ['item-claimed', 'item-finished', 'poll-empty', 'worker-stopped']],
])('leaves a worker alone %s', (_what, types) => {
  const { say, released } = watch();
  say(...types);
  vi.advanceTimersByTime(60_000);
  expect(released()).toBe(0);
});

it('really lowers the resident memory', async () => {
  vi.useRealTimers();
  let garbage: unknown[] | undefined = Array.from({ length: 400_000 }, (_, i) => ({ i, text: `garbage ${i}` }));
  const full = process.memoryUsage.rss();
  expect(garbage).toHaveLength(400_000);
  garbage = undefined;
  await releaseMemory();
  expect(process.memoryUsage.rss()).toBeLessThan(full - 20e6);
});
