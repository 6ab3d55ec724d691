import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  EXIT_FOLDER_HELD,
  EXIT_MISSING,
  LISTENING,
  LOCAL_ACCOUNT_ID,
  LOCAL_REGION,
  LOG_NAME,
} from './daemon-contract.ts';

/** How an attempt to start a daemon went. */
export type Start = 'listening' | 'held' | 'missing' | 'failed';

/** The same file beside this one, whether this is the source or its build. */
const ENTRY = fileURLToPath(new URL(`daemon${extname(import.meta.url)}`, import.meta.url));

/** Starts a daemon in a session of its own; resolves when it listens or has ended. Any number of them at once: one gets the folder. */
export async function startDaemon(dir: string, idleMs: number): Promise<Start> {
  const log = await open(join(dir, LOG_NAME), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [ENTRY, dir, String(idleMs)], {
      detached: true,
      cwd: '/',
      env: daemonEnvironment(process.env),
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
      windowsHide: true,
    });
    return await settle(child);
  } finally {
    await log.close();
  }
}

function settle(child: ChildProcess): Promise<Start> {
  return new Promise((resolve) => {
    child.once('error', () => resolve('failed'));
    child.once('exit', (code) => {
      if (code === EXIT_FOLDER_HELD) resolve('held');
      else resolve(code === EXIT_MISSING ? 'missing' : 'failed');
    });
    child.once('message', (message) => {
      if (message !== LISTENING) return;
      child.removeAllListeners();
      child.disconnect();
      child.unref();
      resolve('listening');
    });
  });
}

/** Nothing of the user's AWS settings: the daemon outlives the command and has no business with them. */
function daemonEnvironment(from: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'TMPDIR', 'TEMP', 'TMP', 'SystemRoot'].filter((name) => from[name] !== undefined);
  return {
    ...Object.fromEntries(kept.map((name) => [name, from[name]])),
    AWS_REGION: LOCAL_REGION,
    AWS_ACCOUNT_ID: LOCAL_ACCOUNT_ID,
  };
}
