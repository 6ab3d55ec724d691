import type { FlagSpec } from './command-spec.ts';

/** Flags that every command takes. */
export const COMMON_FLAGS: readonly FlagSpec[] = [
  { flags: '-t, --table <name>', key: 'table', doc: 'DynamoDB table; one table is one workflow' },
  { flags: '-r, --region <name>', key: 'region', doc: 'AWS region of the table' },
  { flags: '--endpoint-url <url>', key: 'endpointUrl', doc: 'any other DynamoDB, such as http://localhost:8000' },
  {
    flags: '--local [dir]',
    key: 'local',
    doc: 'embedded DynamoDB with its files in dir (default .anamo); no AWS needed',
  },
  { flags: '--json', key: 'json', doc: 'JSON instead of text' },
  { flags: '--config <file>', doc: 'settings file (default ./anamo.json when there)' },
  { flags: '--debug', doc: 'stack traces of errors (ANAMO_DEBUG=1 does the same)' },
];

export const STEP: FlagSpec = { flags: '--step <names>', key: 'steps', doc: 'only these steps, separated by commas' };

export const TASK: readonly FlagSpec[] = [
  { flags: '--task <id>', doc: 'only items of this task (sample)' },
  { flags: '--sample <id>', doc: 'the same as --task', alias: true },
];

export const RUN_FLAGS: readonly FlagSpec[] = [
  {
    flags: '-b, --bucket <name>',
    key: 'bucket',
    doc: 'where logs above --inline-bytes go: file:<dir> (S3 in a later release)',
  },
  { flags: '-k, --key-prefix <prefix>', key: 'keyPrefix', doc: 'folder below the bucket or file:<dir>' },
  { flags: '-i, --items <n>', key: 'items', doc: 'items at once (default 1)' },
  { flags: '-n, --nests <n>', key: 'nests', doc: 'nested tasks of an item at once (default 1)' },
  {
    flags: '-w, --wall <time>',
    key: 'wall',
    doc: 'wall time, in seconds or like 2h: give back what does not end in it',
  },
  { ...STEP, doc: 'work on these steps only, separated by commas' },
  { flags: '--idle-exit <time>', key: 'idleExit', doc: 'leave when nothing was claimable for so long (default 30s)' },
  { flags: '--linger <time>', key: 'linger', doc: 'but wait for items that fall due within this time (default 10m)' },
  { flags: '--cwd <where>', key: 'cwd', doc: 'working folder of commands: worker or scratch (default worker)' },
  {
    flags: '--spool-dir <dir>',
    key: 'spoolDir',
    doc: 'folder on local disk for output and scratch files while commands run',
  },
  { flags: '--inline-bytes <n>', key: 'inlineBytes', doc: 'logs up to this size stay in the table (default 2048)' },
  { flags: '--grace <time>', key: 'grace', doc: 'between TERM and KILL (default 8s)' },
  {
    flags: '--stop-timeout <time>',
    key: 'stopTimeout',
    doc: 'time to give everything back after SIGTERM (default 30s)',
  },
  { flags: '--timeout <time>', key: 'timeout', doc: 'longest run of a command, unless its item says otherwise' },
  {
    flags: '--silent-timeout <time>',
    key: 'silentTimeout',
    doc: 'longest silence of a command, unless its item says otherwise',
  },
  { flags: '--code-version <text>', key: 'codeVersion', doc: 'version of your scripts, kept with every run' },
  { flags: '--progress <how>', key: 'progress', doc: 'auto, live, json or none (default auto)' },
  { flags: '--log-level <level>', key: 'logLevel', doc: 'debug, info, warn, error or silent (default info)' },
  { flags: '--strict', key: 'strict', doc: 'exit 3 when an item failed' },
];

export const IMPORT_FLAGS: readonly FlagSpec[] = [
  { flags: '-i, --input <file>', doc: 'file with a header row, or JSON Lines; - is standard input' },
  { flags: '-d, --delimiter <char>', doc: "between the fields of a line (default '|'); \\t is a tabulator" },
  { flags: '-n, --nested-delimiter <char>', doc: "between the arguments of nested tasks in TaskArgs, such as ','" },
  { flags: '--format <name>', doc: 'delimited or jsonl; by the name and first character of the input when not given' },
  {
    flags: '--each <file>',
    doc: 'one item per line of this file, running the command after --; {} stands for the line',
  },
  { flags: '--id <template>', doc: "with --each: item id, {} stands for the line (default '<step>.{}')" },
  { flags: '--step <name>', doc: "step of items that name none (default the table's name)" },
  { flags: '--shell', doc: 'run scripts under bash -eo pipefail -c when their line does not say' },
  { flags: '--no-shell', doc: 'run scripts directly, also those with an unquoted | > < & or ;' },
  { flags: '--concurrency <n>', key: 'importConcurrency', doc: 'items written at once (default 16)' },
  { flags: '--shards <n>', key: 'shards', doc: 'partitions per step and state of a table that is created (default 8)' },
  { flags: '--strict', key: 'strict', doc: 'import nothing when any line is bad' },
];
