import { AnamoError, type ErrorCode } from '../../domain/errors.ts';
import { openTable } from '../../library/open-table.ts';
import type { OpenOptions } from '../../library/types.ts';
import { fail, ok, warn, type Check } from './check.ts';

/** What an error is about; everything else is about the service. */
const STOPS_AT: Partial<Record<ErrorCode, string>> = {
  AWS_NO_REGION: 'region',
  AWS_NO_CREDENTIALS: 'credentials',
  AWS_BAD_CREDENTIALS: 'credentials',
  AWS_DENIED: 'permissions',
  TABLE_MISSING: 'table',
  TABLE_NOT_ANAMO: 'table',
  TABLE_NOT_READY: 'table',
  SCHEMA_TOO_NEW: 'table',
};

/** Never in the way of a name that DynamoDB allows, and never created. */
const PROBE_TABLE = 'anamo-doctor-looks-for-no-table';

/**
 * Opens the table as every command would, and says what that means for each thing on the way: region, endpoint, credentials,
 * account, table and its schema. Without a table it asks for one that cannot be there.
 */
export async function checkTable(options: Omit<OpenOptions, 'table'>, name: string | undefined): Promise<Check[]> {
  try {
    const table = await openTable({ ...options, table: name ?? PROBE_TABLE, whenMissing: 'fail' });
    try {
      return [
        ok('region', table.region),
        ok('DynamoDB', `reached ${table.endpoint ?? `in ${table.region}`}`),
        ok('credentials', 'accepted'),
        ok('account', table.account),
        ok('table', `${table.name} is there, with a schema that this version reads and writes`),
      ];
    } finally {
      await table.close();
    }
  } catch (error) {
    if (!(error instanceof AnamoError)) throw error;
    return explain(error, name, options);
  }
}

/** An error says how far the request came. */
function explain(error: AnamoError, name: string | undefined, options: Omit<OpenOptions, 'table'>): Check[] {
  const mend = error.hint ?? 'see docs/reference/errors.md';
  const reached = ok(
    'DynamoDB',
    `reached ${options.local ?? options.endpointUrl ?? `in ${options.region ?? 'its region'}`}`,
  );
  const accepted = ok('credentials', 'accepted');
  const stopsAt = STOPS_AT[error.code] ?? 'DynamoDB';
  const passed = ['permissions', 'table'].includes(stopsAt) ? [reached, accepted] : [];
  if (error.code !== 'TABLE_MISSING') return [...passed, fail(stopsAt, error.message, mend)];
  if (name !== undefined) return [...passed, warn('table', error.message, '`anamo import` creates it')];
  return [...passed, warn('table', 'no table is named', 'add -t NAME, or set PYANAMO_TABLE')];
}
