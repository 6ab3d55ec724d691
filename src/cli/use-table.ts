import path from 'node:path';
import type { Config } from '../config/config.ts';
import { AnamoError } from '../domain/errors.ts';
import { openTable } from '../library/open-table.ts';
import type { OpenOptions, Table } from '../library/types.ts';
import type { Invocation } from './command-spec.ts';

/** How the settings say that a table is reached. */
export function openOptions(config: Config, cwd: string, whenMissing: 'create' | 'fail' = 'fail'): OpenOptions {
  if (config.table === undefined) throw new AnamoError('USAGE', 'no table is given', { hint: 'add -t NAME' });
  return {
    table: config.table,
    whenMissing,
    shards: config.shards,
    ...(config.region === undefined ? {} : { region: config.region }),
    ...(config.endpointUrl === undefined ? {} : { endpointUrl: config.endpointUrl }),
    ...(config.local === undefined ? {} : { local: path.resolve(cwd, config.local) }),
  };
}

/** Opens the table, works with it, and closes it whatever happens. */
export async function withTable<T>(
  { config, io }: Pick<Invocation, 'config' | 'io'>,
  work: (table: Table) => Promise<T>,
  whenMissing?: 'create' | 'fail',
): Promise<T> {
  const table = await openTable(openOptions(config, io.cwd, whenMissing));
  try {
    return await work(table);
  } finally {
    await table.close();
  }
}
