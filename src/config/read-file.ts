import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AnamoError } from '../domain/errors.ts';
import { CONFIG_KEYS, type ConfigKey } from './schema.ts';
import { nearest } from '../domain/nearest.ts';

/** The file that is read when it is there and `--config` names none. */
export const DEFAULT_FILE = './anamo.json';

export interface ConfigFile {
  /** As it was named, for messages. */
  readonly path: string;
  readonly values: Readonly<Partial<Record<ConfigKey, unknown>>>;
  readonly problems: readonly string[];
}

/**
 * Reads the configuration file that was named, else ./anamo.json when it is there.
 * @throws AnamoError CONFIG_UNREADABLE
 */
export function readConfigFile(named: string | undefined, cwd: string): ConfigFile | undefined {
  const shown = named ?? DEFAULT_FILE;
  const text = readText(path.resolve(cwd, shown), shown, named === undefined);
  return text === undefined ? undefined : sortKeys(shown, parseObject(text, shown));
}

function readText(file: string, shown: string, mayBeMissing: boolean): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (mayBeMissing && code === 'ENOENT') return undefined;
    throw new AnamoError('CONFIG_UNREADABLE', `the configuration file ${shown} cannot be read (${code})`, {
      hint: 'check the path given with --config and the permissions of the file',
      cause: error,
    });
  }
}

function parseObject(text: string, shown: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new AnamoError(
      'CONFIG_UNREADABLE',
      `the configuration file ${shown} is not JSON: ${(error as Error).message}`,
      {
        hint: 'mend the file; it holds one object like {"table": "Example_Table", "region": "us-east-1"}',
        cause: error,
      },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new AnamoError('CONFIG_UNREADABLE', `the configuration file ${shown} does not hold an object`, {
    hint: 'write one object like {"table": "Example_Table", "region": "us-east-1"}',
  });
}

function sortKeys(shown: string, content: object): ConfigFile {
  const values: Partial<Record<ConfigKey, unknown>> = {};
  const problems: string[] = [];
  for (const [key, value] of Object.entries(content)) {
    if (isConfigKey(key)) values[key] = value;
    else problems.push(unknownKey(shown, key));
  }
  return { path: shown, values, problems };
}

function unknownKey(shown: string, key: string): string {
  const meant = nearest(key, CONFIG_KEYS);
  return `${JSON.stringify(key)} in file ${shown} is no setting${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function isConfigKey(key: string): key is ConfigKey {
  return (CONFIG_KEYS as readonly string[]).includes(key);
}
