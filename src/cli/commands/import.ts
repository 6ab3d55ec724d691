import { AnamoError } from '../../domain/errors.ts';
import type { ImportEntry, ImportProgress, Table } from '../../library/types.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { peek, readEntries } from '../import/entries.ts';
import { countLines, openInput, spool, type ImportInput } from '../import/input.ts';
import { createProgressBar, type ProgressBar } from '../import/progress-bar.ts';
import { readRequest, type ImportRequest } from '../import/request.ts';
import { cleanText } from '../live/text.ts';
import { count, outputTo, plural, toJson } from '../output.ts';
import { withTable } from '../use-table.ts';

/** More are reported on stderr only. */
const PROBLEMS_IN_JSON = 1000;

interface Problem {
  readonly line: number;
  readonly problem: string;
}

export async function run(invocation: Invocation): Promise<number> {
  const { config, options, args, io } = invocation;
  const request = readRequest(options, args);
  const opened = await openInput(request.input, io);
  const stop = new AbortController();
  const onSignal = () => {
    stop.abort();
    opened.stop();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const input = config.strict ? await spool(opened) : opened;
  try {
    if (config.strict) await checkAll(input, request, invocation);
    const entries = await peek(readEntries(input.stream(), request, config.table ?? ''));
    return await withTable(
      invocation,
      async (table) => importInto(table, entries, input, stop.signal, invocation),
      'create',
    );
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    await input.close();
  }
}

/** With --strict nothing is imported, and no table made, when any line is bad. */
async function checkAll(input: ImportInput, request: ImportRequest, { config, io }: Invocation): Promise<void> {
  let bad = 0;
  let lines = 0;
  for await (const entry of readEntries(input.stream(), request, config.table ?? '')) {
    lines += 1;
    if (!('problem' in entry)) continue;
    bad += 1;
    io.stderr.write(`${problemText(entry, config.json)}\n`);
  }
  if (bad === 0) return;
  throw new AnamoError(
    'IMPORT_BAD_LINES',
    `${count(bad)} of ${plural(lines, 'line')} of ${input.name} are bad, so nothing is imported`,
    {
      hint: 'mend them, or leave out --strict to import the good ones',
    },
  );
}

async function importInto(
  table: Table,
  entries: AsyncIterable<ImportEntry>,
  input: ImportInput,
  signal: AbortSignal,
  invocation: Invocation,
): Promise<number> {
  const { config, io } = invocation;
  const output = outputTo(io.stdout, io.env);
  const place = `table ${cleanText(table.name)} in ${table.region}, account ${table.account}${table.created ? ' (created now)' : ''}`;
  if (!config.json) output.line(`Importing ${cleanText(input.name)} into ${place}`);
  const bar = await createBar(input, invocation);
  const problems: Problem[] = [];
  const progress = await watch(bar, signal, async (onProgress) =>
    table.import(entries, {
      concurrency: config.importConcurrency,
      signal,
      onProgress,
      onProblem(line, problem) {
        if (problems.length < PROBLEMS_IN_JSON) problems.push({ line, problem });
        bar.say(problemText({ line, problem }, config.json));
      },
    }),
  );
  if (config.json) {
    const { name, region, account, created } = table;
    output.line(toJson({ table: name, region, account, created, ...progress, problems, stopped: signal.aborted }));
  } else output.line(summaryText(progress, signal.aborted));
  return exitCode(progress, signal.aborted);
}

/** A read from standard input that was stopped ends by an error; what was imported till then counts. */
async function watch(
  bar: ProgressBar,
  signal: AbortSignal,
  work: (onProgress: (progress: ImportProgress) => void) => Promise<ImportProgress>,
): Promise<ImportProgress> {
  let last: ImportProgress = { lines: 0, imported: 0, nestedImported: 0, skipped: 0, bad: 0 };
  try {
    return await work((progress) => {
      last = progress;
      bar.update(progress);
    });
  } catch (error) {
    if (signal.aborted && !(error instanceof AnamoError)) return last;
    throw error;
  } finally {
    bar.end();
  }
}

async function createBar(input: ImportInput, { config, io }: Invocation): Promise<ProgressBar> {
  const wanted = io.stderr.isTTY === true && !config.json && ['auto', 'live'].includes(config.progress);
  const stream = wanted ? io.stderr : { write: (text: string) => io.stderr.write(text) };
  const total = wanted && input.file !== undefined ? await countLines(input.file) : undefined;
  return createProgressBar(stream as typeof io.stderr, total, () => performance.now());
}

function problemText({ line, problem }: Problem, json: boolean): string {
  return json ? JSON.stringify({ line, problem }) : `line ${count(line)}: ${cleanText(problem)}`;
}

function summaryText({ imported, nestedImported, skipped, bad }: ImportProgress, stopped: boolean): string {
  const nested = nestedImported === 0 ? '' : ` with ${plural(nestedImported, 'nested task')}`;
  const parts = [
    `${plural(imported, 'item')} imported${nested}`,
    ...(skipped === 0 ? [] : [`${count(skipped)} skipped (in the table already)`]),
    ...(bad === 0 ? [] : [`${plural(bad, 'bad line')} left out`]),
  ];
  return `${stopped ? 'Stopped; the same command completes it. ' : ''}${parts.join(', ')}.`;
}

function exitCode({ imported, skipped, bad }: ImportProgress, stopped: boolean): number {
  if (stopped) return EXIT.givenBack;
  return bad > 0 && imported + skipped === 0 ? EXIT.failedItems : EXIT.fine;
}
