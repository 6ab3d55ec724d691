import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import type { ItemSpec } from '../../src/domain/item.ts';
import { openTable } from '../../src/library/open-table.ts';
import type { ImportEntry, Table, WorkerHandle, WorkerOptions } from '../../src/library/types.ts';
import { startChaosProxy } from '../support/chaos-proxy.ts';
import { startTestDynamo } from '../support/dynalite.ts';

let dynamo: Awaited<ReturnType<typeof startTestDynamo>>;
let folder: string;
let tables: Table[] = [];
let names = 0;

beforeAll(async () => {
  process.env['AWS_ACCESS_KEY_ID'] = 'test';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
  dynamo = await startTestDynamo();
});
afterAll(() => dynamo.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anamo-worker-'));
  names++;
});
afterEach(async () => {
  await Promise.all(tables.map((table) => table.close()));
  tables = [];
  await rm(folder, { recursive: true, force: true });
});

async function open(endpointUrl = dynamo.endpointUrl): Promise<Table> {
  const table = await openTable({ table: `Worker_${names}`, region: 'us-east-1', endpointUrl, whenMissing: 'create' });
  tables.push(table);
  return table;
}

function item(itemId: string, script: string, more: Partial<ItemSpec> = {}): ItemSpec {
  return {
    itemId,
    step: 'align',
    taskId: 'S1',
    script,
    priority: 0,
    maxAttempts: 1,
    shell: false,
    nestedMode: 'parallel',
    ...more,
  };
}

async function* entries(items: readonly ItemSpec[]): AsyncGenerator<ImportEntry> {
  for (const [i, spec] of items.entries()) yield await Promise.resolve({ line: i + 1, item: spec });
}

function options(more: Partial<WorkerOptions> = {}): WorkerOptions {
  return {
    slots: 2,
    nests: 4,
    idleExitMs: 300,
    graceMs: 2000,
    cwd: 'worker',
    spoolDir: join(folder, 'spool'),
    logDir: join(folder, 'logs'),
    inlineBytes: 2048,
    ...more,
  };
}

/** Appends one line per run to a file: O_APPEND keeps lines of parallel children whole. */
function tracing(): { script: string; runs: () => Promise<string[]> } {
  const path = join(folder, 'runs');
  return {
    script: `bash -c 'echo "$ANAMO_ITEM_ID/$ANAMO_NESTED_ID/$ANAMO_FENCE" >> "$0"' ${path}`,
    runs: async () => (await readFile(path, 'utf8')).trim().split('\n').toSorted(),
  };
}

describe('several workers on one table', () => {
  it.each([2, 4, 8])(
    '%i workers at once run every item and nested task exactly once and leave none behind',
    async (count) => {
      const trace = tracing();
      const table = await open();
      const singles = Array.from({ length: 60 }, (_, i) => item(`single-${i}`, trace.script));
      const nested = Array.from({ length: 6 }, (_, i) =>
        item(`nested-${i}`, `${trace.script} {}`, { nestedArgs: ['a', 'b', 'c', 'd', 'e'] }),
      );
      await table.import(entries([...singles, ...nested]));
      const summaries = await Promise.all(
        Array.from(
          { length: count },
          async () => (await (await open()).startWorker(options({ slots: 3 }), () => undefined)).ended,
        ),
      );
      expect(summaries.reduce((sum, s) => sum + s.done, 0)).toBe(66);
      const expected = [
        ...singles.map((s) => `${s.itemId}//1`),
        ...nested.flatMap((n) => [0, 1, 2, 3, 4].map((i) => `${n.itemId}/Task_${i}/1`)),
      ];
      expect(await trace.runs()).toEqual(expected.toSorted());
      expect((await table.status()).totals).toMatchObject({ done: 66, total: 66, locked: 0, todo: 0 });
    },
  );

  it('holds when requests and answers are lost: nothing runs twice, nothing is left, every outcome is written', async () => {
    const trace = tracing();
    const table = await open();
    const count = 60;
    await table.import(entries(Array.from({ length: count }, (_, i) => item(`single-${i}`, trace.script))));
    const proxy = await startChaosProxy(dynamo.endpointUrl, 11);
    const opened = await Promise.all([1, 2, 3].map(() => open(proxy.endpointUrl)));
    const workers = await Promise.all(opened.map((t) => t.startWorker(options({ idleExitMs: 3000 }), () => undefined)));
    Object.assign(proxy.drop, { request: 0.1, answer: 0.1 });
    await Promise.all(workers.map((worker) => worker.ended));
    expect(proxy.hurt()).toBeGreaterThan(10);
    await proxy.close();
    expect(await trace.runs()).toHaveLength(count);
    expect(new Set(await trace.runs()).size).toBe(count);
    expect((await table.status()).totals).toMatchObject({ done: count, locked: 0, total: count });
    // A claim whose answers are all lost is watched for 30 s before its worker may leave.
  }, 90_000);
});

describe('an idle worker', () => {
  it('finds what is imported into a step that was not there when it started', async () => {
    const table = await open();
    const idle = Promise.withResolvers<void>();
    const worker = await table.startWorker(options({ idleExitMs: 4000 }), (event) => {
      if (event.type === 'poll-empty') idle.resolve();
    });
    await idle.promise;
    await table.import(entries([item('late', 'true', { step: 'fresh' })]));
    expect(await worker.ended).toMatchObject({ done: 1 });
  });
});

describe('the end of an item', () => {
  it('keeps cause, exit code and the end of stderr; nothing but exit code 0 is done', async () => {
    const table = await open();
    await table.import(
      entries([
        item('fine', 'true'),
        item('code', 'bash -c "echo oh no >&2; exit 3"'),
        item('signal', 'bash -c "kill -SEGV $$"', { shell: false }),
        item('missing', 'no-such-program-here 1'),
        item('slow', 'sleep 60', { timeoutMs: 200 }),
        item('nested', 'test {} = a', { nestedArgs: ['a', 'b'] }),
      ]),
    );
    const summary = await (await table.startWorker(options({ slots: 4 }), () => undefined)).ended;
    expect(summary).toMatchObject({ done: 1, failed: 5, nestedDone: 1, nestedFailed: 1 });
    const shown = async (id: string) => (await table.show(id)).item;
    expect((await shown('fine')).state).toBe('done');
    const code = await shown('code');
    expect(code).toMatchObject({
      state: 'failed',
      attempts: 1,
      lastRun: { outcome: { kind: 'exited', code: 3 }, fence: 1 },
    });
    expect(Buffer.from(code.lastRun?.log.stderrTail ?? []).toString()).toBe('oh no\n');
    expect((await shown('missing')).lastRun?.outcome).toMatchObject({ kind: 'spawn-failed', code: 'ENOENT' });
    expect((await shown('slow')).lastRun?.outcome).toEqual({ kind: 'timed-out', afterMs: 200 });
    expect(await shown('nested')).toMatchObject({ state: 'failed', nested: { total: 2, done: 1, failed: 1 } });
  });

  it('tries again after a backoff while attempts are left, and keeps the earlier attempt', async () => {
    const table = await open();
    await table.import(entries([item('flaky', 'bash -c "exit 9"', { maxAttempts: 2 })]));
    const summary = await (await table.startWorker(options({ lingerMs: 0 }), () => undefined)).ended;
    expect(summary).toMatchObject({ retried: 1, failed: 0 });
    const { item: waiting } = await table.show('flaky');
    expect(waiting).toMatchObject({ state: 'waiting', attempts: 1 });
  });

  it('stays for an item that falls due within the linger time, and runs it', async () => {
    const table = await open();
    await table.import(entries([item('later', 'true', { notBefore: Date.now() + 3000 })]));
    const events: WorkerEvent[] = [];
    const worker = await table.startWorker(options({ idleExitMs: 100, lingerMs: 60_000 }), (e) => events.push(e));
    expect(await worker.ended).toMatchObject({ done: 1 });
    expect(events.some((e) => e.type === 'item-promoted' && e.itemId === 'later')).toBe(true);
  });
});

describe('stopping', () => {
  /** Starts a worker and resolves when `count` children run. */
  async function startUntilRunning(
    table: Table,
    count: number,
    more: Partial<WorkerOptions> = {},
  ): Promise<WorkerHandle> {
    const running = Promise.withResolvers<void>();
    let seen = 0;
    const worker = await table.startWorker(options(more), (event) => {
      if (event.type === 'child-started' && ++seen === count) running.resolve();
    });
    await running.promise;
    return worker;
  }

  it('gives running items back, with the nested tasks that were done kept, and any worker takes them up', async () => {
    const table = await open();
    const script = `bash -c 'if [ "$1" = fast ]; then exit 0; fi; if [ -e ${folder}/go ]; then exit 0; fi; sleep 60' x {}`;
    await table.import(
      entries([item('single', 'sleep 60'), item('nested', script, { nestedArgs: ['fast', 'slow', 'slow'] })]),
    );
    const finished = Promise.withResolvers<void>();
    let started = 0;
    const worker = await table.startWorker(options(), (event) => {
      if (event.type === 'child-started') started++;
      if (event.type === 'nested-finished') finished.resolve();
      if (event.type === 'worker-stopping') started = 0;
    });
    await finished.promise;
    expect(started).toBeGreaterThanOrEqual(2);
    const stoppedAt = performance.now();
    worker.stop('sigint', 5000);
    expect(await worker.ended).toMatchObject({ givenBack: 2, done: 0, failed: 0, reason: 'sigint' });
    expect(performance.now() - stoppedAt).toBeLessThan(5000);
    expect(await table.show('nested')).toMatchObject({
      item: { state: 'todo', interrupted: 1, attempts: 0, nested: { total: 3, done: 1, failed: 0 } },
      nested: [{ state: 'done' }, { state: 'todo' }, { state: 'todo' }],
    });
    await writeFile(join(folder, 'go'), '');
    const again = await startUntilRunning(table, 3);
    again.stop('requested', 5000);
    await again.ended;
    expect((await table.show('nested')).nested[0]).toMatchObject({ state: 'done', fence: 1 });
  });

  it('kills children that ignore TERM, within the time', async () => {
    const table = await open();
    await table.import(entries([item('stubborn', `bash -c 'trap "" TERM INT; echo up; while :; do sleep 1; done'`)]));
    const worker = await startUntilRunning(table, 1);
    const stoppedAt = performance.now();
    worker.stop('sigint', 2500);
    expect(await worker.ended).toMatchObject({ givenBack: 1 });
    expect(performance.now() - stoppedAt).toBeLessThan(2500);
  });

  it('ends children at once at the second call', async () => {
    const table = await open();
    await table.import(entries([item('stubborn', `bash -c 'trap "" TERM INT; while :; do sleep 1; done'`)]));
    const worker = await startUntilRunning(table, 1);
    const stoppedAt = performance.now();
    worker.stop('sigterm', 30_000);
    worker.stop('sigterm');
    expect(await worker.ended).toMatchObject({ givenBack: 1 });
    expect(performance.now() - stoppedAt).toBeLessThan(3000);
  });

  it('gives the rest back at the wall time', async () => {
    const table = await open();
    await table.import(entries([item('long', 'sleep 60'), item('more', 'sleep 60'), item('third', 'sleep 60')]));
    const worker = await table.startWorker(options({ wallMs: 1000, stopTimeoutMs: 2000 }), () => undefined);
    expect(await worker.ended).toMatchObject({ givenBack: 2, reason: 'wall-time' });
    expect((await table.status()).totals).toMatchObject({ todo: 3, locked: 0 });
  });
});
