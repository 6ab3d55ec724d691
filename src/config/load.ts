import os from 'node:os';
import path from 'node:path';
import { AnamoError } from '../domain/errors.ts';
import { crossProblems, settleEndpoint } from './check.ts';
import type { Config } from './config.ts';
import { readConfigFile, type ConfigFile } from './read-file.ts';
import { CONFIG_KEYS, SETTINGS, envName, readSetting, type ConfigKey, type Setting } from './schema.ts';
import { describeSource, type Source, type Sources, type Values } from './source.ts';

export interface ConfigInput {
  /** Settings given on the command line, as typed. */
  readonly flags: Readonly<Partial<Record<ConfigKey, unknown>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** `--config`. */
  readonly file?: string | undefined;
  /** Settings without which the command cannot work. */
  readonly needs?: readonly ConfigKey[];
}

export interface LoadedConfig {
  readonly config: Config;
  readonly sourceOf: (key: ConfigKey) => Source;
}

/**
 * Settings from flags, then ANAMO_*, then PyAnamo's environment, then the file, then the defaults.
 * @throws AnamoError CONFIG_INVALID with every problem at once, CONFIG_UNREADABLE
 */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const file = readConfigFile(input.file, input.cwd);
  const values: Values = {};
  const sources: Sources = {};
  const problems: string[] = [...(file?.problems ?? [])];
  for (const key of CONFIG_KEYS) {
    const { raw, source } = pick(key, input, file);
    sources[key] = source;
    const read = readSetting(key, raw);
    if ('value' in read) values[key] = read.value;
    else problems.push(`${key} ${read.problem}, not ${JSON.stringify(raw)} (${describeSource(source)})`);
  }
  settleEndpoint(values, sources);
  problems.push(...crossProblems(values, sources), ...missing(input.needs ?? [], values, sources, problems.length > 0));
  if (problems.length > 0) throw invalid(problems);
  return { config: toConfig(values), sourceOf: (key) => sources[key] ?? { kind: 'default' } };
}

/** The strongest place that says something; an empty variable and a null in a file say nothing. */
function pick(key: ConfigKey, input: ConfigInput, file: ConfigFile | undefined): { raw: unknown; source: Source } {
  const setting: Setting = SETTINGS[key];
  const flag = input.flags[key];
  if (flag !== undefined) return { raw: flag, source: { kind: 'flag', name: setting.flag ?? key } };
  for (const name of [envName(key), ...(setting.envs ?? [])]) {
    const raw = input.env[name];
    if (raw !== undefined && raw.trim() !== '') return { raw, source: { kind: 'env', name } };
  }
  const inFile = file?.values[key] ?? null;
  if (file !== undefined && inFile !== null) return { raw: inFile, source: { kind: 'file', path: file.path, key } };
  return { raw: setting.default, source: { kind: 'default' } };
}

function missing(needs: readonly ConfigKey[], values: Values, sources: Sources, alreadyWrong: boolean): string[] {
  const absent = needs.filter((key) => values[key] === null && sources[key]?.kind === 'default');
  return absent.map((key) => {
    const setting: Setting = SETTINGS[key];
    const ways = [setting.flag, envName(key), ...(setting.envs ?? []), `"${key}" in ./anamo.json`];
    return `${key} is not given${alreadyWrong ? ` (${ways.join(', ')})` : `: use ${ways.join(', or ')}`}`;
  });
}

function invalid(problems: readonly string[]): AnamoError {
  const [only] = problems;
  const hint = 'docs/reference/config.md lists every setting; `anamo <command> --help` its flags.';
  const message =
    problems.length === 1
      ? `the setting ${only}`
      : `${problems.length} settings are wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`;
  return new AnamoError('CONFIG_INVALID', message, { hint });
}

function toConfig(nullable: Values): Config {
  const values: Values = Object.fromEntries(Object.entries(nullable).filter(([, value]) => value !== null));
  return Object.freeze({
    table: values.table as string | undefined,
    region: values.region as string | undefined,
    bucket: values.bucket as string | undefined,
    keyPrefix: values.keyPrefix as string | undefined,
    endpointUrl: values.endpointUrl as string | undefined,
    local: values.local as string | undefined,
    json: values.json as boolean,
    items: values.items as number,
    nests: values.nests as number,
    wallMs: values.wall as number | undefined,
    steps: values.steps as readonly string[] | undefined,
    idleExitMs: values.idleExit as number,
    lingerMs: values.linger as number,
    cwd: values.cwd as Config['cwd'],
    spoolDir: (values.spoolDir as string | undefined) ?? defaultSpoolDir(),
    inlineBytes: values.inlineBytes as number,
    graceMs: values.grace as number,
    stopTimeoutMs: values.stopTimeout as number,
    timeoutMs: values.timeout as number | undefined,
    silentTimeoutMs: values.silentTimeout as number | undefined,
    shards: values.shards as number,
    codeVersion: values.codeVersion as string | undefined,
    importConcurrency: values.importConcurrency as number,
    logLevel: values.logLevel as Config['logLevel'],
    progress: values.progress as Config['progress'],
    strict: values.strict as boolean,
  });
}

/** One folder per user, so that two people on a host never meet each other's permissions. */
function defaultSpoolDir(): string {
  return path.join(os.tmpdir(), `anamo-${process.getuid?.() ?? 'user'}`);
}
