/**
 * Puts the built package with its locked production dependencies into <prefix>/lib/anamo and a launcher into
 * <prefix>/bin/anamo. Usage: node scripts/install.ts <prefix>. `make install` builds first.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';

const MARK = 'Written by make install';
const root = join(import.meta.dirname, '..');
const prefix = resolve(process.argv[2] ?? '');
const lib = join(prefix, 'lib', 'anamo');
const launcher = join(prefix, 'bin', 'anamo');
const stage = `${lib}.new`;

if (process.argv[2] === undefined || process.argv[2] === '') fail('usage: node scripts/install.ts <prefix>');
if (existsSync(launcher) && !readFileSync(launcher, 'utf8').includes(MARK)) {
  fail(`${launcher} exists and make install did not write it; move it away first`);
}
console.log(`installing anamo into ${prefix} …`);
rmSync(stage, { recursive: true, force: true });
copyPackage();
const node = bundleNode();
swap();
writeLauncher(node);
const version = execFileSync(launcher, ['--version'], { encoding: 'utf8' }).trim();
console.log(`installed anamo ${version}: ${launcher}`);
sayPath();

function copyPackage(): void {
  const options = ['--ignore-scripts', '--loglevel=error'];
  const packed = npm(['pack', '--dry-run', '--json', ...options], root);
  for (const path of [...packedFiles(packed), 'package-lock.json']) {
    cpSync(join(root, path), join(stage, path));
  }
  npm(['ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error'], stage);
}

/** npm 11 answers with a list, newer ones with an object keyed by package name. */
function packedFiles(json: string): readonly string[] {
  const answer = JSON.parse(json) as Record<string, { files: readonly { path: string }[] }>;
  return Object.values(answer).flatMap((entry) => entry.files.map((file) => file.path));
}

/** The Node that make fetched goes along, because the installed anamo must outlive this folder. */
function bundleNode(): string {
  if (!process.execPath.startsWith(join(root, '.tools'))) return process.execPath;
  cpSync(process.execPath, join(stage, 'node'));
  return join(lib, 'node');
}

function swap(): void {
  const old = `${lib}.old`;
  rmSync(old, { recursive: true, force: true });
  if (existsSync(lib)) renameSync(lib, old);
  renameSync(stage, lib);
  rmSync(old, { recursive: true, force: true });
}

function writeLauncher(nodePath: string): void {
  const script = `#!/bin/sh
# ${MARK}; \`make uninstall\` removes it and ${lib}.
node=${quote(nodePath)}
[ -x "$node" ] || node=node
exec "$node" ${quote(join(lib, 'dist', 'cli', 'main.js'))} "$@"
`;
  mkdirSync(dirname(launcher), { recursive: true });
  writeFileSync(launcher, script);
  chmodSync(launcher, 0o755);
}

function sayPath(): void {
  const bin = dirname(launcher);
  if ((process.env['PATH'] ?? '').split(delimiter).includes(bin)) return;
  console.log(`${bin} is not in your PATH; add it:  export PATH=${quote(bin)}:"$PATH"`);
}

function npm(args: readonly string[], cwd: string): string {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
