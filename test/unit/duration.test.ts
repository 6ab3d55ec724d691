import { expect, test } from 'vitest';
import { parseDuration } from '../../src/domain/duration.ts';

test.each([
  ['90', 90_000],
  ['90s', 90_000],
  ['15m', 900_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['1.5h', 5_400_000],
  ['0.0015', 2],
  ['0', 0],
  [' 5 ', 5000],
  ['365d', 31_536_000_000],
])('%j is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  '',
  's',
  '-1',
  '+1',
  '1e3',
  '.5',
  '1.',
  '1,5h',
  '1 h',
  '1H',
  '1w',
  '90ms',
  '1h30m',
  'Infinity',
  '0x10',
  '366d',
])('%j is none', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
