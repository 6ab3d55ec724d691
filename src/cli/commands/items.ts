import { AnamoError } from '../../domain/errors.ts';
import type { Item } from '../../domain/item.ts';
import { ITEM_STATES, type ItemState } from '../../domain/state.ts';
import { nearest } from '../../domain/nearest.ts';
import type { ItemFilter } from '../../library/types.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { nestedText, outcomeWord } from '../item-text.ts';
import { outputTo, toJson, when, type Output } from '../output.ts';
import { stateWord } from '../state-words.ts';
import { withTable } from '../use-table.ts';

/** Rows laid out together: enough for even columns, few enough to start printing at once. */
const ROWS_AT_ONCE = 200;
const COLUMNS = ['item', 'step', 'task', 'state', 'attempts', 'outcome', 'nested', 'ended'].map((title) => ({ title }));

export async function run(invocation: Invocation): Promise<number> {
  const { config, options, io } = invocation;
  const filter = readFilter(options, config.steps);
  const limit = readLimit(options['limit']);
  await withTable(invocation, async (table) => {
    const output = outputTo(io.stdout, io.env);
    const found = take(table.items(filter), limit);
    await (config.json ? printArray(found, output) : printRows(found, output));
  });
  return EXIT.fine;
}

/** @throws AnamoError USAGE for a state that does not exist */
export function readFilter(
  options: Readonly<Record<string, unknown>>,
  steps: readonly string[] | undefined,
): ItemFilter {
  const taskId = textOf(options['task']) ?? textOf(options['sample']);
  const states = textOf(options['state'])
    ?.split(',')
    .map((name) => readState(name.trim()));
  return {
    ...(states === undefined ? {} : { states }),
    ...(steps === undefined ? {} : { steps }),
    ...(taskId === undefined ? {} : { taskId }),
  };
}

function readState(name: string): ItemState {
  const state = name === 'running' ? 'locked' : ITEM_STATES.find((known) => known === name);
  if (state !== undefined) return state;
  const meant = nearest(name, ITEM_STATES);
  throw new AnamoError('USAGE', `there is no state ${JSON.stringify(name)}`, {
    hint: `${meant === undefined ? '' : `did you mean ${meant}? `}states are ${ITEM_STATES.join(', ')}`,
  });
}

function readLimit(value: unknown): number {
  const text = textOf(value);
  if (text === undefined) return Infinity;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AnamoError('USAGE', `--limit must be a whole number above 0, not ${JSON.stringify(text)}`);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

async function* take(items: AsyncIterable<Item>, limit: number): AsyncGenerator<Item> {
  let left = limit;
  for await (const item of items) {
    yield item;
    left -= 1;
    if (left <= 0) return;
  }
}

/** One JSON array, one line per item, so that it can be read as a whole or line by line. */
async function printArray(items: AsyncIterable<Item>, output: Output): Promise<void> {
  let open = '[';
  let before: string | undefined;
  for await (const item of items) {
    if (before !== undefined) output.line(`${open}${before},`);
    if (before !== undefined) open = '';
    before = toJson(item);
    await output.drained();
  }
  output.line(`${open}${before ?? ''}]`);
}

async function printRows(items: AsyncIterable<Item>, output: Output): Promise<void> {
  let rows: string[][] = [];
  let printed = 0;
  for await (const item of items) {
    rows.push(rowOf(item));
    if (rows.length < ROWS_AT_ONCE) continue;
    output.table(COLUMNS, rows);
    printed += rows.length;
    rows = [];
    await output.drained();
  }
  if (rows.length > 0) output.table(COLUMNS, rows);
  else if (printed === 0) output.line('No such items.');
}

function rowOf(item: Item): string[] {
  const { itemId, step, taskId, state, attempts } = item;
  return [
    itemId,
    step,
    taskId,
    stateWord(state),
    String(attempts),
    outcomeWord(item),
    nestedText(item),
    when(item.endedAt),
  ];
}
