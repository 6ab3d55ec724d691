import { describeOutcome } from '../../domain/outcome.ts';
import { nestedName, type Item, type NestedTask, type RunRecord } from '../../domain/item.ts';
import type { LogRef } from '../../domain/log-ref.ts';
import type { ItemDetail } from '../../library/types.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { logText, nestedText, usageText } from '../item-text.ts';
import { cleanText } from '../live/text.ts';
import { logLines, outputTo, spell, toJson, when, type Output } from '../output.ts';
import { stateColour, stateWord } from '../state-words.ts';
import { withTable } from '../use-table.ts';

/** Enough to see a pattern; `anamo logs` prints each. */
const FAILED_LOGS_SHOWN = 5;

export async function run(invocation: Invocation): Promise<number> {
  const { args, config, io } = invocation;
  const detail = await withTable(invocation, async (table) => table.show(args[0] ?? ''));
  const output = outputTo(io.stdout, io.env);
  if (config.json) output.line(toJson(detail, 2));
  else printDetail(detail, output);
  return EXIT.fine;
}

/** Everything about one item: what it is, how it stands, its nested tasks, earlier attempts, and the newest output. */
export function printDetail({ item, nested, attempts }: ItemDetail, output: Output): void {
  output.line(
    `${output.paint('bold', cleanText(item.itemId))}  ${output.paint(stateColour(item.state), stateWord(item.state))}`,
  );
  for (const [name, value] of facts(item)) output.line(`  ${name.padEnd(10)} ${cleanText(value)}`);
  if (item.lastRun !== undefined) printRun(item.lastRun, output);
  if (nested.length > 0) printNested(nested, output);
  if (attempts.length > 0) printAttempts(attempts, output);
  if (item.lastRun !== undefined) printLog('Output', item.lastRun.log, output);
  printFailedLogs(nested, output);
}

function printFailedLogs(nested: readonly NestedTask[], output: Output): void {
  const failed = nested.filter((task) => task.state === 'failed');
  for (const task of failed.slice(0, FAILED_LOGS_SHOWN)) {
    if (task.log !== undefined) printLog(`Output of ${nestedName(task.index)}`, task.log, output);
  }
  if (failed.length > FAILED_LOGS_SHOWN) {
    output.line();
    output.line(`The output of ${failed.length - FAILED_LOGS_SHOWN} more: \`anamo logs ITEM --nested N\`.`);
  }
}

function facts(item: Item): [string, string][] {
  const list: [string, string | undefined][] = [
    ['step', item.step],
    ['task', item.taskId],
    ['script', item.shell ? `${item.script}  (in a shell)` : item.script],
    ['nested', item.nested === undefined ? undefined : `${nestedText(item)} (${item.nestedMode})`],
    ['attempts', triesText(item)],
    ['priority', item.priority === 0 ? undefined : String(item.priority)],
    ['not before', item.notBefore === undefined ? undefined : when(item.notBefore)],
    ['worker', item.state === 'locked' ? item.workerId : undefined],
    ['imported', when(item.importedAt)],
    ['claimed', item.claimedAt === undefined ? undefined : when(item.claimedAt)],
    ['ended', item.endedAt === undefined ? undefined : when(item.endedAt)],
  ];
  return list.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as [string, string]]));
}

function triesText(item: Item): string {
  const extra = [
    item.interrupted === 0 ? '' : `, ${item.interrupted} interrupted`,
    item.lost === 0 ? '' : `, ${item.lost} lost with their worker`,
  ];
  return `${item.attempts} failed of at most ${item.maxAttempts}${extra.join('')}`;
}

function printRun(last: RunRecord, output: Output): void {
  const lines = [
    ['outcome', describeOutcome(last.outcome)],
    ['took', spell(last.endedAt - last.startedAt)],
    ['used', usageText(last)],
    [
      'ran on',
      `${last.host} (worker ${last.workerId}${last.codeVersion === undefined ? '' : `, code ${last.codeVersion}`})`,
    ],
  ] as const;
  for (const [name, value] of lines) output.line(`  ${name.padEnd(10)} ${cleanText(value)}`);
}

function printNested(nested: readonly NestedTask[], output: Output): void {
  output.line();
  const rows = nested.map((task) => [
    nestedName(task.index),
    task.arg,
    task.state,
    task.outcome === undefined ? '' : describeOutcome(task.outcome),
    task.startedAt === undefined || task.endedAt === undefined ? '' : spell(task.endedAt - task.startedAt),
    task.log === undefined ? '' : logText(task.log),
  ]);
  output.table(
    ['nested task', 'argument', 'state', 'outcome', 'took', 'log'].map((title) => ({ title })),
    rows,
  );
}

function printAttempts(attempts: readonly RunRecord[], output: Output): void {
  output.line();
  const rows = attempts.map((attempt) => [
    when(attempt.startedAt),
    spell(attempt.endedAt - attempt.startedAt),
    describeOutcome(attempt.outcome),
    attempt.host,
    logText(attempt.log),
  ]);
  output.table(
    ['earlier attempt', 'took', 'outcome', 'host', 'log'].map((title) => ({ title })),
    rows,
  );
}

function printLog(title: string, log: LogRef, output: Output): void {
  if (log.bytes === 0) return;
  output.line();
  output.line(`${output.paint('bold', title)} (${cleanText(logText(log))})`);
  const whole = log.inline;
  if (whole === undefined && log.stderrTail.length > 0) output.line('  the end of stderr:');
  for (const line of logLines(whole ?? log.stderrTail)) output.line(`  | ${line}`);
  if (whole === undefined) output.line('  `anamo logs ITEM` prints all of it.');
}
