import type { LoadedConfig } from '../config/load.ts';
import type { ConfigKey } from '../config/schema.ts';
import type { Io } from './io.ts';

/** A flag of a command; with a key it sets that setting, without one the command reads it from `options`. */
export interface FlagSpec {
  /** As commander writes it: `-t, --table <name>`. */
  readonly flags: string;
  readonly doc: string;
  readonly key?: ConfigKey;
  /** Another way to write it, not shown in the help. */
  readonly alias?: true;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** As commander writes them: `<item>`, `[command...]`. */
  readonly args: readonly { readonly name: string; readonly doc: string }[];
  readonly flags: readonly FlagSpec[];
  /** Command lines without the prompt. */
  readonly examples: readonly string[];
  readonly needs: readonly ConfigKey[];
  /** Loaded only when the command runs, so that help and version are there at once. */
  load(): Promise<CommandModule>;
}

export interface CommandModule {
  /** Returns the exit code. */
  run(invocation: Invocation): Promise<number>;
}

export interface Invocation extends LoadedConfig {
  readonly args: readonly string[];
  /** Flags without a setting, by their long name in camel case. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly debug: boolean;
  readonly io: Io;
}
