import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { cleanShort, cleanText, displayWidth, fit, truncate } from '../../src/cli/live/text.ts';

// What a terminal could obey, and what breaks lines or turns their direction.
const DRIVES_A_TERMINAL = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\ufeff]/u;
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '\u001b',
        '\u009b',
        '[',
        ']0;',
        '2J',
        '31m',
        '\u0007',
        '\n',
        '\r',
        '样',
        '👩‍🔬',
        'e\u0301',
        '\ud800',
        'a',
      ),
    )
    .map((parts) => parts.join('')),
);

describe('cleanText', () => {
  test.each([
    ['colours', '\u001b[31mred\u001b[0m', 'red'],
    ['clear screen by an 8-bit sequence', 'a\u009b2Jb', 'ab'],
    ['window title', 'a\u001b]0;owned\u0007b', 'ab'],
    ['line ends and tabs become blanks', 'a\r\n\tb', 'a b'],
    ['text direction override', 'abc\u202egpj.exe', 'abcgpj.exe'],
    ['a lone escape', 'a\u001b', 'a'],
    ['letters, emoji and accents stay', '样本 👩‍🔬 e\u0301', '样本 👩‍🔬 e\u0301'],
    ['a broken surrogate pair', 'a\ud800b', 'a\ufffdb'],
  ])('%s', (_what, text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  test('leaves nothing that drives a terminal, and nothing to do for a second pass', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = cleanText(text);
        expect(clean).not.toMatch(DRIVES_A_TERMINAL);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  test('keeps a long text whole, and its short form cheap', () => {
    expect(cleanText('x'.repeat(5000))).toHaveLength(5000);
    expect(cleanShort('x'.repeat(1_000_000))).toHaveLength(1000);
  });
});

describe('displayWidth', () => {
  test.each([
    ['abc', 3],
    ['样本', 4],
    ['한글', 4],
    ['ｆｕｌｌ', 8],
    ['e\u0301', 1],
    ['😀', 2],
    ['👩‍🔬', 2],
    ['🇨🇭', 2],
    ['1\ufe0f\u20e3', 2],
    ['Ω…█✓', 4],
    ['', 0],
  ])('%s is %d wide', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

test.each([
  ['Sample12', 8, 'Sample12'],
  ['Sample123', 8, 'Sample1…'],
  ['样本样本', 8, '样本样本'],
  ['样本样本', 7, '样本样…'],
  ['样本样本', 6, '样本…'],
  ['👩‍🔬👩‍🔬', 3, '👩‍🔬…'],
  ['abc', 1, '…'],
  ['abc', 0, ''],
])('truncate(%s, %d)', (text, columns, cut) => {
  expect(truncate(text, columns)).toBe(cut);
});

test('cut text is never wider than asked, filled text exactly as wide', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, columns) => {
      const clean = cleanText(text);
      expect(displayWidth(truncate(clean, columns))).toBeLessThanOrEqual(columns);
      expect(displayWidth(fit(clean, columns))).toBe(columns);
    }),
  );
});
