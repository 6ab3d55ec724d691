import { spell } from '../output.ts';
import { fail, ok, warn, type Check } from './check.ts';

const TIMEOUT_MS = 3000;
/** The header counts whole seconds, and the answer takes a while. */
const UNIMPORTANT_MS = 5000;
/** AWS refuses signatures that are older than this. */
const REFUSED_MS = 5 * 60_000;

/** Compares this machine's clock with the Date header of the service; undefined when it sends none. */
export async function checkClock(url: string, now: () => number): Promise<Check | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.arrayBuffer();
    const there = Date.parse(response.headers.get('date') ?? '');
    return Number.isNaN(there) ? undefined : compare(now() - there);
  } catch {
    // Whether the service answers is said by the check of the table.
    return undefined;
  }
}

function compare(skewMs: number): Check {
  const off = Math.abs(skewMs);
  const says = `${spell(off)} ${skewMs > 0 ? 'ahead of' : 'behind'} that of DynamoDB`;
  const mend = 'set the clock, for example with chrony or systemd-timesyncd';
  if (off > REFUSED_MS) return fail('clock', says, mend);
  return off > UNIMPORTANT_MS ? warn('clock', says, mend) : ok('clock', 'agrees with that of DynamoDB');
}
