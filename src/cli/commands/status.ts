import { ITEM_STATES, type ItemState } from '../../domain/state.ts';
import type { NestedProgress, TableStatus } from '../../library/types.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { cleanText } from '../live/text.ts';
import { count, outputTo, toJson, when, type Output } from '../output.ts';
import { stateWord } from '../state-words.ts';
import { withTable } from '../use-table.ts';

const ALWAYS_SHOWN: ReadonlySet<ItemState> = new Set(['todo', 'locked', 'done', 'failed'] as const);
const NESTED_CLASSES = ['0', '1-25', '26-50', '51-75', '76-99', '100'] as const satisfies (keyof NestedProgress)[];

export async function run(invocation: Invocation): Promise<number> {
  const { config, io } = invocation;
  const status = await withTable(invocation, async (table) =>
    table.status(config.steps === undefined ? {} : { steps: config.steps }),
  );
  const output = outputTo(io.stdout, io.env);
  if (config.json) output.line(toJson(status, 2));
  else printStatus(status, output);
  return EXIT.fine;
}

/** The status for people; states that nothing is in are left out, unless they always matter. */
export function printStatus(status: TableStatus, output: Output): void {
  output.line(
    `${output.paint('bold', cleanText(status.table))}  ${status.region}  account ${status.account}  ${when(status.at)}`,
  );
  output.line();
  if (status.steps.length === 0) {
    output.line('No items yet: `anamo import` puts some on the list.');
    return;
  }
  printStates(status, output);
  if (status.nested !== undefined) printNested(status, status.nested, output);
  if (status.totals.failed > 0) {
    output.line();
    output.line(
      `${count(status.totals.failed)} failed: \`anamo items --state failed\` lists them, \`anamo show ITEM\` says why.`,
    );
  }
}

function printStates(status: TableStatus, output: Output): void {
  const states = ITEM_STATES.filter((state) => ALWAYS_SHOWN.has(state) || status.totals[state] > 0);
  const numbers = (counts: Readonly<Record<ItemState, number>>) => states.map((state) => count(counts[state]));
  const rows = status.steps.map((step) => [
    step.paused ? `${step.step} (paused)` : step.step,
    ...numbers(step.states),
    count(step.total),
  ]);
  if (rows.length > 1) rows.push(['all steps', ...numbers(status.totals), count(status.totals.total)]);
  const titles = [...states.map((state) => stateWord(state)), 'total'];
  output.table([{ title: 'step' }, ...titles.map((title) => ({ title, align: 'right' as const }))], rows);
}

function printNested(status: TableStatus, all: NestedProgress, output: Output): void {
  const numbers = (progress: NestedProgress) => NESTED_CLASSES.map((name) => count(progress[name]));
  const rows = status.steps.flatMap((step) =>
    step.nested === undefined ? [] : [[step.step, ...numbers(step.nested)]],
  );
  if (rows.length > 1) rows.push(['all steps', ...numbers(all)]);
  output.line();
  output.line('Items with nested tasks, by the share of these that is done:');
  const columns = NESTED_CLASSES.map((name) => ({ title: `${name} %`, align: 'right' as const }));
  output.table([{ title: 'step' }, ...columns], rows);
}
