import { accessSync, constants, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

import type { Outcome } from '../domain/outcome.ts';

export type SpawnFailed = Extract<Outcome, { kind: 'spawn-failed' }>;

export interface Attempted {
  readonly file: string;
  readonly cwd: string | undefined;
  readonly env: Readonly<Record<string, string>>;
}

export function spawnFailed(code: string, message: string): SpawnFailed {
  return { kind: 'spawn-failed', code, message };
}

/** Says why a program could not be started. The system's ENOENT may mean the program, its interpreter or the working folder. */
export function explainSpawnFailure(code: string, detail: string, tried: Attempted): SpawnFailed {
  return spawnFailed(code, `cannot start ${JSON.stringify(tried.file)}: ${reasonOf(code, detail, tried)}`);
}

/** Says why a command got no scratch folder. */
export function explainFolderFailure(error: unknown): SpawnFailed {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
  const detail = error instanceof Error ? error.message : String(error);
  return spawnFailed(code, `cannot make the folders of the command: ${detail}`);
}

function reasonOf(code: string, detail: string, tried: Attempted): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return whatIsMissing(tried);
    case 'EACCES':
      return whatIsForbidden(tried);
    case 'ENOEXEC':
      return 'it is not a program for this machine';
    case 'E2BIG':
      return 'its arguments and environment together are longer than the system allows';
    case 'ENOMEM':
    case 'EAGAIN':
      return 'the host has no memory or no processes left';
    case 'EMFILE':
    case 'ENFILE':
      return 'too many files are open';
    case 'ETXTBSY':
      return 'somebody is still writing the program';
    default:
      return detail;
  }
}

function whatIsMissing(tried: Attempted): string {
  if (tried.cwd !== undefined && !isFolder(tried.cwd)) return `the working folder ${tried.cwd} does not exist`;
  const found = findProgram(tried);
  if (found !== undefined) return `${found} names an interpreter or loader that does not exist`;
  return tried.file.includes('/') ? 'there is no such file' : 'there is no such program in PATH';
}

function whatIsForbidden(tried: Attempted): string {
  if (tried.cwd !== undefined && !mayRun(tried.cwd)) return `the working folder ${tried.cwd} may not be entered`;
  const found = findProgram(tried);
  if (found === undefined) return 'a folder on the way to it may not be entered';
  if (isFolder(found)) return 'it is a folder';
  return mayRun(found)
    ? 'its interpreter may not be executed, or its disk forbids it'
    : 'it is not executable (chmod +x)';
}

function findProgram({ file, cwd, env }: Attempted): string | undefined {
  if (file.includes('/')) return exists(resolve(cwd ?? '.', file)) ? file : undefined;
  const candidates = (env['PATH'] ?? '/usr/bin:/bin').split(delimiter).map((folder) => join(folder || '.', file));
  return candidates.find((path) => exists(path));
}

function exists(path: string): boolean {
  return statOf(path) !== undefined;
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() === true;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined; // behind a folder that may not be entered
  }
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
