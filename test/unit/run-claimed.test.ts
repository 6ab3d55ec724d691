import { describe, expect, it } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import type { Item } from '../../src/domain/item.ts';
import type { RunReport } from '../../src/domain/log-ref.ts';
import type { Clock } from '../../src/support/clock.ts';
import type { Ending, EndAnswer, ExecutorPort } from '../../src/worker/ports.ts';
import { runClaimed } from '../../src/worker/run-claimed.ts';
import type { WorkerSettings } from '../../src/worker/settings.ts';

const clock: Clock = { mono: () => 0, wall: () => 0, sleep: () => Promise.resolve() };

const item: Item = {
  itemId: 'I1',
  step: 'align',
  taskId: 'S1',
  script: 'true',
  gen: 'G',
  state: 'locked',
  fence: 1,
  endedFence: 0,
  priority: 0,
  maxAttempts: 1,
  attempts: 0,
  lost: 0,
  interrupted: 0,
  shell: false,
  nestedMode: 'parallel',
  importedAt: 0,
  nested: { total: 2, done: 0, failed: 0 },
};

const ok: RunReport = {
  outcome: { kind: 'exited', code: 0 },
  startedAt: 0,
  endedAt: 1,
  log: { bytes: 0, lines: 0, sink: 'none', stderrTail: new Uint8Array(), results: [] },
};

/** Both nested tasks end well. */
const executor: ExecutorPort = {
  run(_work, onMessage) {
    for (const nested of [0, 1]) onMessage({ type: 'finished', nested, report: ok }, () => undefined);
    return {
      stop: () => undefined,
      ended: Promise.resolve({ type: 'nested', startedAt: 0, endedAt: 1, done: 2, failed: 0, unfinished: 0 }),
    };
  },
  close: () => Promise.resolve(),
};

/** Runs the item with these answers for its nested tasks; when to give up is known from the start. */
async function run(
  answers: readonly EndAnswer[],
  giveUp: AbortSignal,
): Promise<{ ending: Ending | undefined; events: WorkerEvent[] }> {
  const events: WorkerEvent[] = [];
  let ending: Ending | undefined;
  await runClaimed(
    {
      store: {
        listNestedToRun: () => Promise.resolve([0, 1].map((index) => ({ index, arg: String(index) }))),
        endNested: (_item, index) => Promise.resolve(answers[index] ?? 'committed'),
        end: (given) => {
          ending = given;
          return Promise.resolve('committed');
        },
        bumpWake: () => Promise.resolve(),
        serverNow: () => 0,
      },
      executor,
      settings: { workerId: 'W', host: 'h', nests: 2 } as WorkerSettings,
      clock,
      random: () => 0,
      emit: (event) => void events.push(event),
      giveUp,
      watch: () => () => undefined,
      stopping: () => false,
    },
    { item },
  );
  return { ending, events };
}

describe('runClaimed', () => {
  it('ends an item as done when the outcome of each nested task is in the table', async () => {
    const { ending, events } = await run(['committed', 'committed'], new AbortController().signal);
    expect(ending?.settlement).toMatchObject({ state: 'done', nested: { total: 2, done: 2, failed: 0 } });
    expect(events.filter((event) => event.type === 'nested-finished')).toHaveLength(2);
  });

  it('never ends an item as done when a nested outcome could not be written', async () => {
    const { ending, events } = await run(['committed', { unknown: 'no answer' }], AbortSignal.abort());
    expect(ending?.settlement).toMatchObject({ state: 'todo', nested: { total: 2, done: 1, failed: 0 } });
    expect(events.filter((event) => event.type === 'nested-finished')).toHaveLength(1);
  });
});
