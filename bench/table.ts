import type { Line, Row } from './row.ts';

/** All lines as one markdown table: the rows of a group together, each row with the median of its values. */
export function table(lines: readonly Line[]): string {
  const groups = Map.groupBy(lines, ({ group }) => group);
  const body = [...groups].flatMap(([group, members]) => rowsOf(group, members));
  const cells = [['group', 'what', 'median', 'least … greatest', 'target'], ...body];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0))) ?? [];
  const texts = cells.map((row) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return `${[texts[0], rule, ...texts.slice(1)].join('\n')}\n`;
}

function rowsOf(group: string, members: readonly Line[]): string[][] {
  const byName = Map.groupBy(members, ({ what }) => what);
  return [...byName.values()].map((same, i) => [i === 0 ? group : '', ...cellsOf(same)]);
}

function cellsOf(same: readonly Line[]): string[] {
  const [first] = same;
  if (first === undefined) return [];
  if ('skipped' in first) return [first.what, 'SKIPPED', first.skipped, ''];
  const values = same.flatMap((line) => ('skipped' in line ? [] : [line.value])).toSorted((a, b) => a - b);
  const median = medianOf(values);
  const spread = values.length === 1 ? '' : `${round(values[0] ?? 0)} … ${round(values.at(-1) ?? 0)}`;
  return [first.what, `${round(median)} ${first.unit}`, spread, targetOf(first, median)];
}

function targetOf({ atMost }: Row, median: number): string {
  if (atMost === undefined) return '';
  return `≤ ${atMost}: ${median <= atMost + 1e-9 ? 'met' : 'MISSED'}`;
}

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper;
}

/** To three digits, at most three of them behind the point. */
function round(value: number): number {
  if (value >= 100) return Math.round(value);
  const digits = value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return Number(value.toFixed(digits));
}
