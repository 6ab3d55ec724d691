import { expect, it } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import { systemClock } from '../../src/support/clock.ts';
import type { StorePort } from '../../src/worker/ports.ts';
import type { WorkerSettings } from '../../src/worker/settings.ts';
import { startWorker } from '../../src/worker/worker.ts';

const emptyStore = {
  shards: 1,
  activeSteps: () => Promise.resolve([]),
  readWake: () => Promise.resolve(0),
} as unknown as StorePort;

it('says how a run came out although the record of the worker cannot be closed', async () => {
  const events: WorkerEvent[] = [];
  const worker = startWorker({
    store: emptyStore,
    executor: { run: () => expect.unreachable('nothing to run'), close: () => Promise.resolve() },
    settings: { workerId: 'W', slots: 1, idleExitMs: 0, lingerMs: 0, number: 1 } as WorkerSettings,
    clock: systemClock,
    random: () => 0,
    newNonce: () => 'N',
    emit: (event) => void events.push(event),
    close: () => Promise.reject(new Error('no network')),
  });
  await expect(worker.ended).resolves.toMatchObject({ reason: 'idle', done: 0 });
  expect(events).toContainEqual(expect.objectContaining({ type: 'store-trouble', message: 'no network' }));
});
