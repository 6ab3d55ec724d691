import { stripVTControlCharacters } from 'node:util';

/** Characters of a string that the live view looks at; ids have at most 200 bytes, messages of errors have no limit. */
const MAX_CHARS = 1000;
// Characters that are safe and one column wide each, for the short way: ASCII, Latin letters, and those of bars and marks.
const PLAIN = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u024f\u2026\u2580-\u259f\u2713\u2717]*$/;
// Controls, line separators and invisible format characters (bidi overrides too); the two joiners make letters and emoji.
const UNSAFE = /(?![\t-\r])[\p{Cc}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\u200c\u200d]/u;
const EMOJI = /^\p{Emoji_Presentation}|\ufe0f/u;
// East Asian Wide and Fullwidth (UAX #11), in ranges as wide as the blocks.
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{17000}-\u{18dff}\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

// Marks, joiners, parts of flags and of Hangul syllables, skin tones.
const COMPOSED = /[\p{M}\u200c\u200d\p{Regional_Indicator}\p{Emoji_Modifier}\u1100-\u11ff]/u;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The string without anything that could drive a terminal: no escape sequence, control or invisible character, one line. */
export function cleanText(text: string): string {
  if (PLAIN.test(text)) return text;
  const visible = stripVTControlCharacters(text.toWellFormed()).replace(UNSAFE, '');
  return visible.replace(/[\t-\r]+/g, ' ');
}

/** The clean beginning of a string, for what is drawn again and again. */
export function cleanShort(text: string): string {
  return cleanText(text.slice(0, MAX_CHARS));
}

/** Terminal columns of a clean string. Terminals disagree about joined emoji; the screen never relies on it to stay whole. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const piece of pieces(text)) width += pieceWidth(piece);
  return width;
}

/** At most `columns` wide, with an ellipsis where something is missing. */
export function truncate(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (PLAIN.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  if (displayWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const piece of pieces(text)) {
    width += pieceWidth(piece);
    if (width > columns - 1) break;
    kept += piece;
  }
  return `${kept}…`;
}

/** Exactly `columns` wide: cut, or filled with blanks. */
export function fit(text: string, columns: number): string {
  const cut = truncate(text, columns);
  return cut + ' '.repeat(Math.max(0, columns - displayWidth(cut)));
}

/** What is drawn as one: single characters where nothing is composed, which is ten times faster than to ask the segmenter. */
function pieces(text: string): Iterable<string> {
  return COMPOSED.test(text) ? Array.from(graphemes.segment(text), ({ segment }) => segment) : text;
}

function pieceWidth(piece: string): number {
  if (EMOJI.test(piece) || WIDE.test(piece)) return 2;
  return ZERO_WIDTH.test(piece) ? 0 : 1;
}
