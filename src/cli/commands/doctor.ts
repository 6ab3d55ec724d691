import path from 'node:path';
import { describeSource } from '../../config/source.ts';
import type { Invocation } from '../command-spec.ts';
import { checkClock } from '../doctor/clock.ts';
import { ok, warn, type Check } from '../doctor/check.ts';
import { describeCredentials } from '../doctor/credentials.ts';
import { checkBash, checkDisk, checkFolder, checkNode } from '../doctor/host.ts';
import { checkTable } from '../doctor/table.ts';
import { EXIT } from '../exit-codes.ts';
import { cleanText } from '../live/text.ts';
import { logPlace } from '../log-place.ts';
import { outputTo, plural, toJson, type Output } from '../output.ts';
import { openOptions } from '../use-table.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { config, io } = invocation;
  const checks = [...(await hostChecks(invocation)), ...(await awsChecks(invocation))];
  const output = outputTo(io.stdout, io.env);
  if (config.json) output.line(toJson({ ok: !checks.some(isFail), checks }, 2));
  else printChecks(checks, output);
  return checks.some(isFail) ? EXIT.usage : EXIT.fine;
}

async function hostChecks({ config, io }: Invocation): Promise<Check[]> {
  const place = logPlace(config, io.cwd);
  const checks = [
    checkNode(process.version),
    await checkBash(io.env['PATH']),
    await checkFolder('spool folder', path.resolve(io.cwd, config.spoolDir), '--spool-dir'),
    await checkDisk(path.resolve(io.cwd, config.spoolDir), '--spool-dir'),
    await checkFolder('log folder', place.folder, '-b file:<dir>'),
  ];
  if (place.unavailable === undefined) return checks;
  const says = `${place.unavailable} is not used: S3 comes in a later release, big logs go to the log folder`;
  return [...checks, warn('bucket', says, 'name a folder with -b file:<dir>')];
}

async function awsChecks({ config, sourceOf, io }: Invocation): Promise<Check[]> {
  const { table: _table, ...reach } = openOptions({ ...config, table: config.table ?? 'none' }, io.cwd);
  const checks = [
    ok('settings', settingsText(config, sourceOf)),
    describeCredentials(io.env, config.local !== undefined),
    ...(await checkTable(reach, config.table)),
  ];
  const url =
    config.endpointUrl ??
    (config.region === undefined ? undefined : `https://dynamodb.${config.region}.amazonaws.com/`);
  const clock = url === undefined || config.local !== undefined ? undefined : await checkClock(url, () => Date.now());
  return clock === undefined ? checks : [...checks, clock];
}

/** Which place and where each part of it was said: most wrong tables are a forgotten variable. */
function settingsText(config: Invocation['config'], sourceOf: Invocation['sourceOf']): string {
  const parts = (['table', 'region', 'endpointUrl', 'local'] as const).flatMap((key) =>
    config[key] === undefined ? [] : [`${key} ${config[key]} (${describeSource(sourceOf(key))})`],
  );
  return parts.length === 0 ? 'nothing is set' : parts.join(', ');
}

function isFail(check: Check): boolean {
  return check.level === 'fail';
}

function printChecks(checks: readonly Check[], output: Output): void {
  const width = Math.max(...checks.map((check) => check.name.length));
  const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;
  for (const { name, level, says, mend } of checks) {
    output.line(`${output.paint(colours[level], level.padEnd(4))}  ${name.padEnd(width)}  ${cleanText(says)}`);
    if (mend !== undefined) output.line(`      ${' '.repeat(width)}  → ${cleanText(mend)}`);
  }
  const failed = checks.filter(isFail).length;
  output.line();
  output.line(failed === 0 ? 'Everything that anamo needs works.' : `${plural(failed, 'check')} failed.`);
}
