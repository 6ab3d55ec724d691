import { DURATION_FORMS, parseDuration } from './duration.ts';

/** A value, or what is wrong with the text as "must …" for behind the column's name. */
export type Value<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED_NAME = /^(ANAMO_|AWS_BATCH_)/;
const ISO = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const MAX_EPOCH_S = 253_402_300_799; // end of the year 9999

export function readInteger(text: string, min: number, max: number): Value<number> {
  const value = /^[+-]?\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return good(value === 0 ? 0 : value);
  return bad(`must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}

/** Into ms, above 0. */
export function readTimeout(text: string): Value<number> {
  const value = parseDuration(text) ?? 0;
  return value > 0 ? good(value) : bad(`must be a duration such as ${DURATION_FORMS}, not ${JSON.stringify(text)}`);
}

/** Yes or no in the words of spreadsheets, shells and JSON. */
export function readYesNo(text: string): Value<boolean> {
  const word = text.toLowerCase();
  if (['yes', 'true', '1'].includes(word)) return good(true);
  if (['no', 'false', '0'].includes(word)) return good(false);
  return bad(`must be yes or no, not ${JSON.stringify(text)}`);
}

/** ISO 8601 or epoch seconds, into epoch ms. A time of day needs its zone: workers and laptops may differ in theirs. */
export function readInstant(text: string): Value<number> {
  const forms = 'must be ISO 8601 such as 2030-01-31T18:00:00Z, or epoch seconds';
  // Eight digits are more likely a date than a second of the year 1970.
  if (/^\d+(\.\d+)?$/.test(text) && !/^(19|20)\d{6}$/.test(text)) {
    const seconds = Number(text);
    if (seconds > MAX_EPOCH_S) return bad(`${forms}; ${text} looks like milliseconds`);
    return good(Math.round(seconds * 1000));
  }
  const [, date, time, , , zone] = ISO.exec(text) ?? [];
  if (date === undefined) return bad(`${forms}, not ${JSON.stringify(text)}`);
  if (time !== undefined && zone === undefined) return bad(`must name its zone, as in ${text}Z for UTC`);
  const value = Date.parse(text.toUpperCase().replace(',', '.'));
  // Date.parse takes the 30th of February for the 2nd of March.
  const real = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(value) || Number.isNaN(real.getTime()) || !real.toISOString().startsWith(date)) {
    return bad(`is no real date or time: ${text}`);
  }
  return good(value);
}

export type Env = Readonly<Record<string, string>>;

/** `KEY=value` pairs separated by `;` (a value cannot hold a `;`), or a JSON object, as text. */
export function readEnvText(text: string): Value<Env> {
  if (text.startsWith('{')) {
    try {
      return readEnv(JSON.parse(text));
    } catch {
      return bad('must be KEY=value pairs separated by ";", or a JSON object (it begins with "{" but is not JSON)');
    }
  }
  const pairs: [string, string][] = [];
  for (const pair of text.split(';').map((part) => part.trim())) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 0) return bad(`must be KEY=value pairs separated by ";": ${JSON.stringify(pair)} has no "="`);
    pairs.push([pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]);
  }
  return checkEnv(pairs);
}

/** The same from a JSON value: an object whose values are texts, numbers or booleans. */
export function readEnv(value: unknown): Value<Env> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('must be a JSON object');
  const pairs: [string, string][] = [];
  for (const [name, content] of Object.entries(value)) {
    if (typeof content !== 'string' && typeof content !== 'number' && typeof content !== 'boolean') {
      return bad(`must have a text for ${JSON.stringify(name)}`);
    }
    pairs.push([name, String(content)]);
  }
  return checkEnv(pairs);
}

function checkEnv(pairs: readonly (readonly [string, string])[]): Value<Env> {
  const problems: string[] = [];
  const names = new Set<string>();
  for (const [name, content] of pairs) {
    if (!ENV_NAME.test(name)) problems.push(`${JSON.stringify(name)} is no name for a variable`);
    else if (RESERVED_NAME.test(name)) problems.push(`${name} is reserved (ANAMO_… and AWS_BATCH_… are set for you)`);
    else if (names.has(name)) problems.push(`${name} is given twice`);
    if (badCharacter(content, /\0/)) problems.push(`${name} holds a NUL or half a surrogate pair`);
    names.add(name);
  }
  return problems.length > 0 ? bad(problems.join(', ')) : good(Object.fromEntries(pairs));
}

/** Whether a text cannot be stored or passed on: a forbidden character, or half a surrogate pair. */
export function badCharacter(text: string, forbidden: RegExp): boolean {
  return forbidden.test(text) || !text.isWellFormed();
}

function good<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

function bad(problem: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem };
}
