import { expect, it } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import { systemClock } from '../../src/support/clock.ts';
import type { StorePort } from '../../src/worker/ports.ts';
import type { WorkerSettings } from '../../src/worker/settings.ts';
import { startWorker, type WorkerParts } from '../../src/worker/worker.ts';

const emptyStore = {
  shards: 1,
  activeSteps: () => Promise.resolve([]),
  readWake: () => Promise.resolve(0),
} as unknown as StorePort;

function parts(change: Partial<WorkerParts>): WorkerParts {
  return {
    store: emptyStore,
    executor: { run: () => expect.unreachable('nothing to run'), close: () => Promise.resolve() },
    settings: { workerId: 'W', slots: 1, idleExitMs: 0, lingerMs: 0, number: 1, stopTimeoutMs: 1000 } as WorkerSettings,
    clock: systemClock,
    random: () => 0,
    newNonce: () => 'N',
    emit: () => undefined,
    close: () => Promise.resolve(),
    ...change,
  };
}

it('takes a wall time that is longer than a timer of Node can be', async () => {
  const thirtyDays = 30 * 24 * 3_600_000;
  const worker = startWorker(parts({ settings: { ...parts({}).settings, wallMs: thirtyDays } }));
  await expect(worker.ended).resolves.toMatchObject({ reason: 'idle' });
});

it('closes the record of a worker that broke, and says what broke it', async () => {
  const closed: unknown[] = [];
  const store = { ...emptyStore, activeSteps: () => Promise.reject(new TypeError('a bug')) };
  const close = (summary: unknown): Promise<void> => Promise.resolve(void closed.push(summary));
  await expect(startWorker(parts({ store, close })).ended).rejects.toThrow('a bug');
  expect(closed).toMatchObject([{ reason: 'error' }]);
});

it('says how a run came out although the record of the worker cannot be closed', async () => {
  const events: WorkerEvent[] = [];
  const worker = startWorker(
    parts({ emit: (event) => void events.push(event), close: () => Promise.reject(new Error('no network')) }),
  );
  await expect(worker.ended).resolves.toMatchObject({ reason: 'idle', done: 0 });
  expect(events).toContainEqual(expect.objectContaining({ type: 'store-trouble', message: 'no network' }));
});
