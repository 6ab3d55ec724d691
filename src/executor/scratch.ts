import { lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

const OWNER_ONLY = 0o700;

/** The scratch folders of one item's commands. */
export interface ScratchFolders {
  /** An empty folder that only this user can enter. Throws the system's error when it cannot be made. */
  take(): string;
  /** To be called when nothing of the command runs any more; resolves when what it left is gone. Never rejects. */
  give(path: string): Promise<void>;
  /** Removes the folders kept for reuse; to be called when all were given back. */
  close(): Promise<void>;
}

/**
 * Folders named `<prefix>-<n>` under `root`. One that comes back empty and unchanged is handed out again: to remove a folder costs a
 * journalled disk more than to start a program. All else is synchronous, too, being cheaper than a round trip to the thread pool.
 */
export function createScratchFolders(root: string, prefix: string): ScratchFolders {
  const clean: string[] = [];
  let made = 0;

  function make(): string {
    if (made === 0) mkdirSync(root, { recursive: true, mode: OWNER_ONLY });
    made += 1;
    const path = join(root, `${prefix}-${made}`);
    mkdirSync(path, { mode: OWNER_ONLY });
    return path;
  }

  return {
    take: () => clean.pop() ?? make(),
    async give(path) {
      if (isUntouched(path)) clean.push(path);
      else await removeScratch(path);
    },
    async close() {
      await Promise.all(clean.splice(0).map((path) => removeScratch(path)));
    },
  };
}

function isUntouched(path: string): boolean {
  try {
    const { mode } = lstatSync(path);
    return (mode & 0o7777) === OWNER_ONLY && readdirSync(path).length === 0;
  } catch {
    return false; // removed by the command, or closed to us
  }
}

/** Removes a scratch folder with all that a command left in it, links not followed; resolves to false when it could not. */
export async function removeScratch(path: string): Promise<boolean> {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return await removeFull(path);
  }
}

async function removeFull(path: string): Promise<boolean> {
  try {
    await rm(path, { recursive: true, force: true });
    return true;
  } catch {
    return await removeStubborn(path);
  }
}

/** Read-only folders, and trees deeper than a path can be long: chmod and rm walk them folder by folder. */
async function removeStubborn(path: string): Promise<boolean> {
  const options = { reject: false, stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' } as const;
  await execa('chmod', ['-R', 'u+rwX', '--', path], options);
  const removed = await execa('rm', ['-rf', '--', path], options);
  return !removed.failed;
}
