import { randomBytes } from 'node:crypto';
import { access, constants, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bytes } from '../output.ts';
import { fail, ok, warn, type Check } from './check.ts';

const NEEDED_NODE = [24, 12] as const;
const MIB = 1024 * 1024;
const LITTLE_DISK = 5 * 1024 * MIB;
const NO_DISK = 256 * MIB;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const enough = major > NEEDED_NODE[0] || (major === NEEDED_NODE[0] && minor >= NEEDED_NODE[1]);
  if (enough) return ok('node', version);
  return fail('node', `${version} is too old`, `install Node ${NEEDED_NODE.join('.')} or newer`);
}

/** Items with `Shell` need bash. */
export async function checkBash(searchPath: string | undefined): Promise<Check> {
  for (const folder of (searchPath ?? '').split(path.delimiter)) {
    const file = path.join(folder === '' ? '.' : folder, 'bash');
    if (await isThere(file, constants.X_OK)) return ok('bash', file);
  }
  return warn(
    'bash',
    'not found in PATH: items that ask for a shell will fail',
    'install bash, or add its folder to PATH',
  );
}

/** A folder that a worker writes to: made when missing, tried with a file. */
export async function checkFolder(name: string, folder: string, flag: string): Promise<Check> {
  const file = path.join(folder, `.anamo-doctor-${randomBytes(6).toString('hex')}`);
  try {
    // As the worker itself would make it.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(file, 'tried by anamo doctor\n', { flag: 'wx' });
    return ok(name, `${folder} can be written`);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return fail(name, `${folder} cannot be written (${reason})`, `mend its permissions, or name another with ${flag}`);
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

export async function checkDisk(folder: string, flag: string): Promise<Check> {
  try {
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const says = `${bytes(free)} free at ${folder}`;
    if (free < NO_DISK) return fail('disk', says, `make room, or name a folder on another disk with ${flag}`);
    return free < LITTLE_DISK
      ? warn('disk', says, `make room, or name a folder on another disk with ${flag}`)
      : ok('disk', says);
  } catch {
    return warn('disk', `the free space at ${folder} cannot be read`, `name a folder that exists with ${flag}`);
  }
}

async function isThere(file: string, mode: number): Promise<boolean> {
  try {
    await access(file, mode);
    return true;
  } catch {
    return false;
  }
}
