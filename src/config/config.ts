/** All settings of one run of anamo, checked and frozen. Durations in ms; undefined: not set. */
export interface Config {
  readonly table: string | undefined;
  readonly region: string | undefined;
  readonly bucket: string | undefined;
  readonly keyPrefix: string | undefined;
  readonly endpointUrl: string | undefined;
  readonly local: string | undefined;
  readonly json: boolean;
  readonly items: number;
  readonly nests: number;
  readonly wallMs: number | undefined;
  readonly steps: readonly string[] | undefined;
  readonly idleExitMs: number;
  readonly lingerMs: number;
  readonly cwd: 'worker' | 'scratch';
  readonly spoolDir: string;
  readonly inlineBytes: number;
  readonly graceMs: number;
  readonly stopTimeoutMs: number;
  readonly timeoutMs: number | undefined;
  readonly silentTimeoutMs: number | undefined;
  readonly shards: number;
  readonly codeVersion: string | undefined;
  readonly importConcurrency: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  readonly progress: 'auto' | 'live' | 'json' | 'none';
  readonly strict: boolean;
}
