import convict from 'convict';
import { FORMATS, type Bounds, type FormatName } from './formats.ts';

/** One setting as the schema describes it. */
export interface Setting extends Bounds {
  readonly doc: string;
  readonly format: FormatName;
  /** As a person would write it; null: not set. */
  readonly default: string | number | boolean | null;
  /** How it is written on the command line, when it can be. */
  readonly flag?: string;
  /** Other environment names, strongest first, read after ANAMO_*. */
  readonly envs?: readonly string[];
}

/** Every setting of anamo. `docs/reference/config.md` and `config/default.json` are compared with it by tests. */
export const SETTINGS = {
  table: {
    doc: 'DynamoDB table: one table is one workflow',
    format: 'tableName',
    default: null,
    flag: '-t/--table',
    envs: ['PYANAMO_TABLE'],
  },
  region: {
    doc: 'AWS region of the table',
    format: 'region',
    default: null,
    flag: '-r/--region',
    envs: ['AWS_REGION', 'AWS_DEFAULT_REGION'],
  },
  bucket: {
    doc: 'where logs above inlineBytes go: file:<dir>, or an S3 bucket (from a later release on)',
    format: 'bucket',
    default: null,
    flag: '-b/--bucket',
    envs: ['S3_BUCKET'],
  },
  keyPrefix: {
    doc: 'folder below the bucket or file:<dir>',
    format: 'text',
    default: null,
    flag: '-k/--key-prefix',
  },
  endpointUrl: {
    doc: 'URL of another DynamoDB than that of AWS',
    format: 'url',
    default: null,
    flag: '--endpoint-url',
  },
  local: {
    doc: 'folder of the embedded DynamoDB; true is .anamo',
    format: 'localDir',
    default: null,
    flag: '--local',
  },
  json: { doc: 'print JSON on standard output', format: 'flag', default: false, flag: '--json' },
  items: {
    doc: 'items that a worker runs at once (slots)',
    format: 'count',
    default: 1,
    min: 1,
    max: 256,
    flag: '-i/--items',
    envs: ['PYANAMO_ITEMS'],
  },
  nests: {
    doc: 'nested tasks of one item that run at once',
    format: 'count',
    default: 1,
    min: 1,
    max: 512,
    flag: '-n/--nests',
    envs: ['PYANAMO_NESTS'],
  },
  wall: {
    doc: 'wall time of a worker: starts nothing that is not expected to end in it, gives back the rest',
    format: 'duration',
    default: null,
    min: 1000,
    flag: '-w/--wall',
  },
  steps: {
    doc: 'steps that are worked on or listed; all when not set',
    format: 'steps',
    default: null,
    flag: '--step',
  },
  idleExit: {
    doc: 'a worker leaves when nothing was claimable for so long',
    format: 'duration',
    default: '30s',
    flag: '--idle-exit',
  },
  linger: {
    doc: 'a leaving worker waits for items that fall due within this time',
    format: 'duration',
    default: '10m',
    flag: '--linger',
  },
  cwd: {
    doc: "working folder of commands: the worker's own, or a fresh scratch folder",
    format: 'choice',
    choices: ['worker', 'scratch'],
    default: 'worker',
    flag: '--cwd',
  },
  spoolDir: {
    doc: 'folder on local disk for outcomes and output on their way to the table; a folder of the user in the temporary folder when not set',
    format: 'text',
    default: null,
    flag: '--spool-dir',
  },
  inlineBytes: {
    doc: 'logs up to this many bytes are kept in the table',
    format: 'count',
    default: 2048,
    min: 0,
    max: 65_536,
    flag: '--inline-bytes',
  },
  grace: {
    doc: 'time between TERM and KILL for a command that must end',
    format: 'duration',
    default: '8s',
    flag: '--grace',
  },
  stopTimeout: {
    doc: 'time to give everything back after SIGTERM',
    format: 'duration',
    default: '30s',
    min: 1000,
    flag: '--stop-timeout',
  },
  timeout: {
    doc: 'longest run of a command whose item has no timeout of its own',
    format: 'duration',
    default: null,
    min: 1000,
    flag: '--timeout',
  },
  silentTimeout: {
    doc: 'longest silence of a command whose item has no silent timeout of its own',
    format: 'duration',
    default: null,
    min: 1000,
    flag: '--silent-timeout',
  },
  shards: {
    doc: 'partitions per step and state; counts only when a table is created',
    format: 'count',
    default: 8,
    min: 1,
    max: 64,
    flag: '--shards',
  },
  codeVersion: {
    doc: 'version of your scripts, kept with every run',
    format: 'text',
    default: null,
    flag: '--code-version',
  },
  importConcurrency: {
    doc: 'items that an import writes at once',
    format: 'count',
    default: 16,
    min: 1,
    max: 256,
    flag: '--concurrency',
  },
  logLevel: {
    doc: 'least level of the JSON lines on standard error',
    format: 'choice',
    choices: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
    flag: '--log-level',
  },
  progress: {
    doc: 'auto: a live view on a terminal, JSON lines otherwise',
    format: 'choice',
    choices: ['auto', 'live', 'json', 'none'],
    default: 'auto',
    flag: '--progress',
  },
  strict: {
    doc: 'import nothing when a line is bad; run ends with 3 when an item failed',
    format: 'flag',
    default: false,
    flag: '--strict',
  },
} as const satisfies Record<string, Setting>;

export type ConfigKey = keyof typeof SETTINGS;
export const CONFIG_KEYS = Object.keys(SETTINGS) as readonly ConfigKey[];

/** The name of a setting in the environment: `idleExit` is ANAMO_IDLE_EXIT. */
export function envName(key: ConfigKey): string {
  return `ANAMO_${key.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
}

for (const [name, format] of Object.entries(FORMATS)) {
  convict.addFormat({
    name,
    coerce: (value: string) => format.coerce(value),
    validate(value: unknown, bounds) {
      const problem = format.problem(value, bounds as Bounds);
      if (problem !== undefined) throw new Error(problem);
    },
  });
}

/** Reads one setting as it was written (text, number, boolean, list, null) into its value, or says what is wrong. */
export function readSetting(key: ConfigKey, raw: unknown): { readonly value: unknown } | { readonly problem: string } {
  if (raw === null) return { value: null };
  const asText = writtenText(raw);
  if (asText === undefined) return { problem: 'must be text, a number, true, false or a list of names' };
  // One schema per setting: convict reports all keys in one sentence, without where their values came from.
  const one = convict<Record<string, unknown>>({ [key]: { ...SETTINGS[key], nullable: true } }, { env: {}, args: [] });
  one.load({ [key]: asText });
  try {
    one.validate({ allowed: 'strict' });
  } catch (error) {
    return { problem: reasonIn(error, key) };
  }
  return { value: one.get(key) };
}

/** convict coerces only text; so `30` in a file and `30` in the environment are the same. */
function writtenText(raw: unknown): string | undefined {
  if (typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean') return String(raw);
  if (Array.isArray(raw) && raw.every((part) => typeof part === 'string')) return raw.join(',');
  return undefined;
}

/** convict says `<key>: <reason>: value was <value>`; the value is ours to show. */
function reasonIn(error: unknown, key: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return text
    .replace(/^- /, '')
    .replace(`${key}: `, '')
    .replace(/: value was [\s\S]*$/, '')
    .trim();
}
