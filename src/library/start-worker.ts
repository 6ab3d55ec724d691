import { mkdir, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { AnamoError } from '../domain/errors.ts';
import type { RunSummary, WorkerEvent } from '../domain/event.ts';
import type { LogSettings } from '../domain/work.ts';
import { createExecutor } from '../executor/pool.ts';
import { systemClock } from '../support/clock.ts';
import { createEmitter } from '../support/emitter.ts';
import { randomId } from '../support/ids.ts';
import { claimItem, resolveClaim } from '../store/claims.ts';
import type { Db } from '../store/db.ts';
import { endItem, endNested } from '../store/endings.ts';
import { listNestedToRun } from '../store/nested.ts';
import { readPage } from '../store/queries.ts';
import { bumpWake, listSteps, readWake } from '../store/steps.ts';
import { nextDue, promoteDue } from '../store/waiting.ts';
import { closeWorker, registerWorker, type WorkerRecord } from '../store/workers.ts';
import type { StorePort } from '../worker/ports.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { startWorker } from '../worker/worker.ts';
import { createIdleMemory } from './idle-memory.ts';
import { requireSteps } from './status.ts';
import type { WorkerHandle, WorkerOptions } from './types.ts';
import { VERSION } from './version.ts';

const FILE_BUCKET = 'file:';

/** Registers a worker in the table and starts it: the place where its parts are put together. */
export async function startTableWorker(
  db: Db,
  options: WorkerOptions,
  onEvent: (event: WorkerEvent) => void,
): Promise<WorkerHandle> {
  if (options.steps !== undefined) requireSteps(await listSteps(db), options.steps, db.table);
  const workerId = randomId();
  const folder = join(resolve(options.spoolDir), workerId);
  const scratchRoot = join(folder, 'scratch');
  await makeFolders([resolve(options.spoolDir), join(folder, 'spool'), scratchRoot]);
  await checkOwner(resolve(options.spoolDir));
  const record: WorkerRecord = {
    workerId,
    version: VERSION,
    host: hostname(),
    pid: process.pid,
    slots: options.slots,
    nests: options.nests,
    steps: options.steps ?? [],
    batchJobId: process.env['AWS_BATCH_JOB_ID'],
    startedAt: Date.now(),
  };
  const number = await registerWorker(db, record);
  const settings = settingsOf(db, options, {
    workerId,
    scratchRoot,
    logs: logsOf(options, join(folder, 'spool')),
    number,
  });
  const events = createEmitter<WorkerEvent>((error) =>
    process.emitWarning(error instanceof Error ? error : String(error)),
  );
  events.on(onEvent);
  const memory = createIdleMemory();
  events.on((event) => memory.onEvent(event));
  const { slots, nests } = options;
  events.emit({
    type: 'worker-started',
    at: Date.now(),
    workerId,
    table: db.table,
    slots,
    nests,
    steps: options.steps ?? [],
  });
  const worker = startWorker({
    store: storePort(db, workerId),
    executor: createExecutor({ slots }),
    settings,
    clock: systemClock,
    random: Math.random,
    newNonce: randomId,
    emit: events.emit,
    close: (summary: RunSummary) => closeWorker(db, record, { ...summary }, Date.now()),
  });
  const ended = withCleanup(worker.ended, () => removeFolders([scratchRoot, join(folder, 'spool'), folder]));
  return { workerId, ended, stop: worker.stop };
}

async function makeFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new AnamoError('SPOOL_UNUSABLE', `the spool folder ${path} cannot be made: ${(error as Error).message}`, {
        hint: 'give a folder on local disk with --spool-dir',
        cause: error,
      });
    }
  }
}

/** The default lies in a folder where everybody may write: one that somebody else made there could be read, or swapped, by them. */
async function checkOwner(path: string): Promise<void> {
  const { uid } = await stat(path);
  const me = process.getuid?.() ?? uid;
  if (uid === me || me === 0) return;
  throw new AnamoError('SPOOL_UNUSABLE', `the spool folder ${path} belongs to another user`, {
    hint: 'give a folder of your own with --spool-dir',
  });
}

async function withCleanup<T>(result: Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  try {
    return await result;
  } finally {
    await cleanUp();
  }
}

/** A worker's own folders, once it is gone. What is not empty holds something that could not be stored: it stays. */
async function removeFolders(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rmdir(path).catch(() => undefined);
}

/** Where logs above the inline limit go. Buckets of S3 have no sink yet: the record of each such log says so. */
function logsOf(options: WorkerOptions, spoolDir: string): LogSettings {
  const { bucket, inlineBytes } = options;
  const asFile = bucket?.startsWith(FILE_BUCKET) === true ? bucket.slice(FILE_BUCKET.length) : undefined;
  const fileDir = resolve(asFile ?? options.logDir);
  const unavailable =
    bucket === undefined || asFile !== undefined
      ? {}
      : { unavailable: { sink: 's3', reason: `this release cannot write to s3://${bucket} yet` } };
  return { spoolDir, inlineBytes, fileDir, ...unavailable };
}

function settingsOf(
  db: Db,
  options: WorkerOptions,
  made: Pick<WorkerSettings, 'workerId' | 'scratchRoot' | 'logs' | 'number'>,
): WorkerSettings {
  return {
    ...made,
    table: db.table,
    host: hostname(),
    codeVersion: options.codeVersion,
    steps: options.steps,
    slots: options.slots,
    nests: options.nests,
    idleExitMs: options.idleExitMs,
    lingerMs: options.lingerMs ?? 0,
    wallMs: options.wallMs,
    stopTimeoutMs: options.stopTimeoutMs ?? 30_000,
    graceMs: options.graceMs,
    cwd: options.cwd,
    timeoutMs: options.timeoutMs,
    silentTimeoutMs: options.silentTimeoutMs,
  };
}

function storePort(db: Db, workerId: string): StorePort {
  return {
    shards: db.shards,
    activeSteps: async () => (await listSteps(db)).filter((step) => !step.paused).map((step) => step.name),
    readTodo: async ({ step, shard }, after, limit) => {
      const page = await readPage(
        db,
        { step, state: 'todo', shard },
        { limit, ...(after === undefined ? {} : { after }) },
      );
      return page.map((entry) => ({ ...entry, step }));
    },
    claim: ({ itemId, step, stateOrder }, nonce) =>
      claimItem(db, { itemId, step, workerId, nonce, stateOrder, now: Date.now() }),
    resolveClaim: ({ itemId }, nonce) => resolveClaim(db, { itemId, nonce }),
    listNestedToRun: (item) => listNestedToRun(db, item),
    endNested: (item, index, report) => endNested(db, item, index, report),
    end: ({ claimed, settlement, run }) => endItem(db, { claimed, settlement, run, workerId, now: db.serverNow() }),
    readWake: () => readWake(db),
    bumpWake: () => bumpWake(db),
    promoteDue: (step, shard) => promoteDue(db, step, shard, db.serverNow()),
    nextDue: (step, shard) => nextDue(db, step, shard),
    serverNow: () => db.serverNow(),
  };
}
