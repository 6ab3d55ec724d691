import { DURATION_FORMS, parseDuration } from '../domain/duration.ts';
import { MAX_STEPS, STEP_PATTERN } from '../domain/limits.ts';

/** What a format may need to know of its setting. */
export interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
}

/** Text from a flag, the environment or a file becomes a value; text that does not fit stays text and fails the check. */
export interface SettingFormat {
  coerce(text: string): unknown;
  /** Returns what is wrong as "must …", or undefined. */
  problem(value: unknown, bounds: Bounds): string | undefined;
}

const TABLE_NAME = /^[A-Za-z0-9_.-]{3,255}$/;
const REGION = /^[a-z0-9][a-z0-9-]{1,40}$/;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

const text: SettingFormat = {
  coerce: (value) => value.trim(),
  problem: (value) => (isText(value) ? undefined : 'must not be empty'),
};

export const FORMATS = {
  text,
  tableName: {
    ...text,
    problem: (value) =>
      isText(value) && TABLE_NAME.test(value) ? undefined : 'must be 3 to 255 letters, digits, "_", "." or "-"',
  },
  region: {
    ...text,
    problem: (value) =>
      isText(value) && REGION.test(value) ? undefined : 'must be the name of an AWS region like us-east-1',
  },
  bucket: {
    ...text,
    problem: (value) => {
      const ok = isText(value) && (value.startsWith('file:') ? value.length > 'file:'.length : BUCKET.test(value));
      return ok
        ? undefined
        : 'must be the name of an S3 bucket (3 to 63 small letters, digits, "." or "-") or file:<dir>';
    },
  },
  url: {
    ...text,
    problem: (value) => (isHttpUrl(value) ? undefined : 'must be a URL like http://localhost:8000'),
  },
  localDir: {
    // `--local` alone, or true in a file: the usual folder.
    coerce: (value) => (readFlag(value) === true ? '.anamo' : readFlag(value) === false ? null : value.trim()),
    problem: (value) => (value === null || isText(value) ? undefined : 'must be a folder, true or false'),
  },
  flag: {
    coerce: (value) => readFlag(value) ?? value,
    problem: (value) => (typeof value === 'boolean' ? undefined : 'must be true or false'),
  },
  count: {
    coerce: (value) => (/^[+-]?\d{1,15}$/.test(value.trim()) ? Number(value) : value),
    problem: (value, { min = 0, max = Number.MAX_SAFE_INTEGER }) =>
      typeof value === 'number' && value >= min && value <= max
        ? undefined
        : `must be a whole number from ${min} to ${max}`,
  },
  duration: {
    coerce: (value) => parseDuration(value) ?? value,
    problem: (value, { min = 0 }) => {
      if (typeof value !== 'number') return `must be a duration like ${DURATION_FORMS}`;
      return value >= min ? undefined : `must be at least ${min / 1000} s`;
    },
  },
  choice: {
    ...text,
    problem: (value, { choices = [] }) =>
      isText(value) && choices.includes(value) ? undefined : `must be one of ${choices.join(', ')}`,
  },
  steps: {
    coerce: (value) =>
      value
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    problem: stepsProblem,
  },
} as const satisfies Record<string, SettingFormat>;

export type FormatName = keyof typeof FORMATS;

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isHttpUrl(value: unknown): boolean {
  if (!isText(value) || !URL.canParse(value)) return false;
  return ['http:', 'https:'].includes(new URL(value).protocol);
}

function readFlag(value: string): boolean | undefined {
  const word = value.trim().toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(word)) return true;
  if (['false', '0', 'no', 'off'].includes(word)) return false;
  return undefined;
}

function stepsProblem(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return 'must be step names, separated by commas';
  if (value.length > MAX_STEPS) return `must be at most ${MAX_STEPS} steps`;
  const odd = value.find((name) => typeof name !== 'string' || !STEP_PATTERN.test(name)) as unknown;
  return odd === undefined
    ? undefined
    : `must be step names of 1 to 64 letters, digits, ".", "_" or "-" (${JSON.stringify(odd)} is none)`;
}
