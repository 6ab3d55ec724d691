import type { WorkerEvent } from '../domain/event.ts';
import type { Item, RunRecord } from '../domain/item.ts';
import type { LogRef, RunReport } from '../domain/log-ref.ts';
import { causeOf } from '../domain/outcome.ts';
import { settle } from '../domain/settle.ts';
import type { FromItem, ItemEnd, ItemWork, ToItem } from '../domain/work.ts';
import type { Clock } from '../support/clock.ts';
import type { Claimed, ExecutorPort, RunningItem, StorePort } from './ports.ts';
import type { WorkerSettings } from './settings.ts';
import { GaveUp, untilAnswered } from './until-answered.ts';

export interface RunContext {
  readonly store: Pick<StorePort, 'listNestedToRun' | 'endNested' | 'end' | 'bumpWake' | 'serverNow'>;
  readonly executor: ExecutorPort;
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly emit: (event: WorkerEvent) => void;
  /** Aborted when even the writing of outcomes must stop. */
  readonly giveUp: AbortSignal;
  /** Told about the item's run, so that the worker can stop it; gives the function that takes it off again. */
  readonly watch: (running: RunningItem) => () => void;
  /** Whether the worker is stopping already: then the item goes straight back. */
  readonly stopping: () => boolean;
}

const NO_LOG: LogRef = { bytes: 0, lines: 0, sink: 'none', stderrTail: new Uint8Array(), results: [] };

/** One claimed item from its claim to its ending write. Never throws: trouble is an event, and the item stays as it is. */
export async function runClaimed(context: RunContext, claimed: Claimed): Promise<void> {
  const { item } = claimed;
  const { clock, emit } = context;
  const startedAt = clock.wall();
  const startedMono = clock.mono();
  emit({
    type: 'item-claimed',
    at: startedAt,
    step: item.step,
    itemId: item.itemId,
    taskId: item.taskId,
    fence: item.fence,
    nestedTotal: item.nested?.total ?? 0,
    nestedDone: item.nested?.done ?? 0,
  });
  try {
    const end = await execute(context, item, startedAt);
    await commit(context, claimed, end, Math.round(clock.mono() - startedMono));
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
  }
}

async function execute(context: RunContext, item: Item, startedAt: number): Promise<ItemEnd> {
  const tasks =
    item.nested === undefined
      ? undefined
      : await untilAnswered('list nested tasks', { ...context, giveUp: context.giveUp }, () =>
          context.store.listNestedToRun(item),
        );
  if (context.stopping()) return givenBack(context, startedAt, tasks?.length);
  const commits = new Set<Promise<void>>();
  const unwritten = { done: 0, failed: 0 };
  const onMessage = (message: FromItem, reply: (answer: ToItem) => void): void => {
    if (message.type === 'started') {
      const nested = message.nested === undefined ? {} : { nested: message.nested };
      context.emit({
        type: 'child-started',
        at: context.clock.wall(),
        step: item.step,
        itemId: item.itemId,
        pid: message.pid,
        ...nested,
      });
      return;
    }
    const { nested, report } = message;
    const write = async (): Promise<void> => {
      if (await commitNested(context, item, nested, report, reply)) return;
      unwritten[causeOf(report.outcome) === 'ok' ? 'done' : 'failed']++;
    };
    const done = write().finally(() => commits.delete(done));
    commits.add(done);
  };
  const running = context.executor.run(workOf(context.settings, item, tasks), onMessage);
  const unwatch = context.watch(running);
  try {
    const end = await running.ended.catch((error: unknown) => executorFailed(context, startedAt, error));
    await Promise.all(commits);
    return withoutUnwritten(end, unwritten);
  } finally {
    unwatch();
  }
}

/** A nested task whose outcome could not be written has to run again, so it must not count in the item's end. */
function withoutUnwritten(end: ItemEnd, { done, failed }: { done: number; failed: number }): ItemEnd {
  if (end.type === 'single' || done + failed === 0) return end;
  const counts = { done: end.done - done, failed: end.failed - failed, unfinished: end.unfinished + done + failed };
  return { ...end, ...counts, stopped: end.stopped ?? 'interrupted' };
}

function givenBack(context: RunContext, startedAt: number, unfinished: number | undefined): ItemEnd {
  const endedAt = context.clock.wall();
  if (unfinished === undefined)
    return { type: 'single', report: { outcome: { kind: 'interrupted' }, startedAt, endedAt, log: NO_LOG } };
  return { type: 'nested', startedAt, endedAt, done: 0, failed: 0, unfinished, stopped: 'interrupted' };
}

/** The executor itself broke (its thread died): the host's fault, so the item goes back. */
function executorFailed(context: RunContext, startedAt: number, error: unknown): ItemEnd {
  const message = `the executor failed: ${error instanceof Error ? error.message : String(error)}`;
  const outcome = { kind: 'spawn-failed', code: 'EXECUTOR', message } as const;
  return { type: 'single', report: { outcome, startedAt, endedAt: context.clock.wall(), log: NO_LOG } };
}

/** False when it was given up: the table does not know of it. */
async function commitNested(
  context: RunContext,
  item: Item,
  index: number,
  report: RunReport,
  reply: (answer: ToItem) => void,
): Promise<boolean> {
  try {
    const answer = await untilAnswered('end nested task', context, () => context.store.endNested(item, index, report));
    if (answer === 'fenced') reply({ type: 'stop', reason: 'lost-lease' });
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error;
    return false;
  }
  context.emit({
    type: 'nested-finished',
    at: context.clock.wall(),
    step: item.step,
    itemId: item.itemId,
    nested: index,
    cause: causeOf(report.outcome),
    outcome: report.outcome,
    durationMs: report.endedAt - report.startedAt,
  });
  reply({ type: 'committed', nested: index });
  return true;
}

async function commit(context: RunContext, claimed: Claimed, end: ItemEnd, durationMs: number): Promise<void> {
  const { item } = claimed;
  const settlement = settle(item, end, context.store.serverNow(), context.random());
  const run = runRecord(context.settings, item, end, settlement.outcome);
  const answer = await untilAnswered('end item', context, () => context.store.end({ claimed, settlement, run }));
  const at = context.clock.wall();
  const { step, itemId, fence } = item;
  if (answer === 'fenced') {
    context.emit({ type: 'item-fenced', at, step, itemId, fence });
    return;
  }
  const { state, outcome } = settlement;
  context.emit({ type: 'item-finished', at, step, itemId, state, cause: causeOf(outcome), outcome, durationMs });
  if (state === 'todo') await context.store.bumpWake().catch(() => undefined);
}

function runRecord(settings: WorkerSettings, item: Item, end: ItemEnd, outcome: RunReport['outcome']): RunRecord {
  const report: RunReport =
    end.type === 'single' ? end.report : { outcome, startedAt: end.startedAt, endedAt: end.endedAt, log: NO_LOG };
  const codeVersion = settings.codeVersion === undefined ? {} : { codeVersion: settings.codeVersion };
  return { ...report, outcome, fence: item.fence, workerId: settings.workerId, host: settings.host, ...codeVersion };
}

function workOf(
  settings: WorkerSettings,
  item: Item,
  tasks: readonly { index: number; arg: string }[] | undefined,
): ItemWork {
  const timeoutMs = item.timeoutMs ?? settings.timeoutMs;
  const silentTimeoutMs = item.silentTimeoutMs ?? settings.silentTimeoutMs;
  return {
    table: settings.table,
    step: item.step,
    itemId: item.itemId,
    taskId: item.taskId,
    gen: item.gen,
    fence: item.fence,
    attempt: item.attempts + 1,
    workerId: settings.workerId,
    script: item.script,
    shell: item.shell,
    env: item.env ?? {},
    graceMs: settings.graceMs,
    cwd: settings.cwd,
    scratchRoot: settings.scratchRoot,
    logs: settings.logs,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(silentTimeoutMs === undefined ? {} : { silentTimeoutMs }),
    ...(tasks === undefined ? {} : { nested: { mode: item.nestedMode, parallel: settings.nests, tasks } }),
  };
}
