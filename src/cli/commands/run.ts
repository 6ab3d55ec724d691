import type { Config } from '../../config/config.ts';
import type { RunSummary } from '../../domain/event.ts';
import type { Table, WorkerOptions } from '../../library/types.ts';
import type { Invocation } from '../command-spec.ts';
import { createEventSink } from '../events.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { cleanText } from '../live/text.ts';
import { summaryLines } from '../live/summary.ts';
import { logPlace, type LogPlace } from '../log-place.ts';
import { outputTo, plural, toJson, type Output } from '../output.ts';
import { stopOnSignals } from '../stop-on-signals.ts';
import { withTable } from '../use-table.ts';

/** More are not counted at the end of a run. */
const RUNNING_AT_MOST = 100;

export async function run(invocation: Invocation): Promise<number> {
  const { config, io } = invocation;
  const place = logPlace(config, io.cwd);
  if (place.unavailable !== undefined && config.progress !== 'none') {
    io.stderr.write(
      `anamo: bucket ${cleanText(place.unavailable)} is not used: S3 comes in a later release. Logs above ` +
        `${config.inlineBytes} bytes go to ${cleanText(place.folder)}, and the items say so.\n`,
    );
  }
  const { summary, elsewhere } = await withTable(invocation, async (table) => {
    const done = await work(table, workerOptions(config, place), invocation);
    return { summary: done, elsewhere: config.json ? 0 : await countRunning(table, config.steps) };
  });
  const output = outputTo(io.stdout, io.env);
  if (config.json) output.line(toJson(summary));
  else printSummary(summary, { config, output, elsewhere });
  return exitCodeOf(summary, config.strict);
}

async function work(table: Table, options: WorkerOptions, { config, io }: Invocation): Promise<RunSummary> {
  const events = await createEventSink(config, io, table);
  try {
    const worker = await table.startWorker(options, (event) => events.onEvent(event));
    const letGo = stopOnSignals(worker, config.stopTimeoutMs);
    try {
      return await worker.ended;
    } finally {
      letGo();
    }
  } finally {
    await events.close();
  }
}

/** The settings of a worker as the library takes them. */
export function workerOptions(config: Config, place: LogPlace): WorkerOptions {
  return {
    slots: config.items,
    nests: config.nests,
    idleExitMs: config.idleExitMs,
    lingerMs: config.lingerMs,
    stopTimeoutMs: config.stopTimeoutMs,
    graceMs: config.graceMs,
    cwd: config.cwd,
    spoolDir: config.spoolDir,
    inlineBytes: config.inlineBytes,
    logDir: place.folder,
    ...(place.unavailable === undefined ? {} : { bucket: place.unavailable }),
    ...(config.steps === undefined ? {} : { steps: config.steps }),
    ...(config.wallMs === undefined ? {} : { wallMs: config.wallMs }),
    ...(config.timeoutMs === undefined ? {} : { timeoutMs: config.timeoutMs }),
    ...(config.silentTimeoutMs === undefined ? {} : { silentTimeoutMs: config.silentTimeoutMs }),
    ...(config.codeVersion === undefined ? {} : { codeVersion: config.codeVersion }),
  };
}

/** Items that other workers hold, alive or not, up to RUNNING_AT_MOST. */
async function countRunning(table: Table, steps: readonly string[] | undefined): Promise<number> {
  let count = 0;
  for await (const item of table.items({ states: ['locked'], ...(steps === undefined ? {} : { steps }) })) {
    if (item.state === 'locked') count++;
    if (count >= RUNNING_AT_MOST) break;
  }
  return count;
}

interface Ending {
  readonly config: Config;
  readonly output: Output;
  readonly elsewhere: number;
}

function printSummary(summary: RunSummary, { config, output, elsewhere }: Ending): void {
  for (const line of summaryLines(summary)) output.line(line);
  const table = cleanText(config.table ?? '');
  if (summary.failed > 0) {
    output.line(
      `${plural(summary.failed, 'item')} failed: \`anamo items --state failed -t ${table}\` lists them, \`anamo show ITEM\` says why.`,
    );
  }
  if (elsewhere > 0) {
    const count = elsewhere < RUNNING_AT_MOST ? plural(elsewhere, 'item') : `${elsewhere} or more items`;
    output.line(
      `${count} running elsewhere: \`anamo items --state running -t ${table}\` lists them; one whose worker was killed stays there.`,
    );
  }
  if (summary.givenBack > 0)
    output.line(`${plural(summary.givenBack, 'item')} given back: the next \`anamo run\` takes them up again.`);
}
