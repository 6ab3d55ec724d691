import { join } from 'node:path';
import type { DynalitePackage } from './load-dynalite.ts';

/**
 * Takes the folder for this process, or says `held`. The lock is LevelDB's own, on an empty database beside the data: the kernel frees
 * it with the process, so that there is no stale lock, whatever way its holder ended. Freed by the end of the process only.
 */
export async function lockFolder({ Level }: DynalitePackage, dir: string): Promise<'locked' | 'held'> {
  try {
    await new Level(join(dir, 'lock'), { valueEncoding: 'json' }).open();
    return 'locked';
  } catch (error) {
    if (isLockHeld(error)) return 'held';
    throw error;
  }
}

function isLockHeld(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED';
}
