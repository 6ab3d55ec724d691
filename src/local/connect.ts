import { mkdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { AnamoError } from '../domain/errors.ts';
import { systemClock } from '../support/clock.ts';
import { LOCAL_SECRET_ACCESS_KEY, LOG_NAME } from './daemon-contract.ts';
import { openLease } from './lease.ts';
import type { Lease } from './lease.ts';
import { localMissing } from './load-dynalite.ts';
import { readServerFile } from './server-file.ts';
import { startDaemon } from './start-daemon.ts';

/** Where the database of a folder answers, and with which credentials. */
export interface LocalServer {
  endpointUrl: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** A LocalServer that does not end before the release. Does not keep this process alive; ends with it, however it ends. */
export interface LocalConnection extends LocalServer {
  /** Resolves when the release is done, or when the server ended before it. */
  ended: Promise<void>;
  /** Makes the connection keep this process alive. */
  hold(): void;
  release(): Promise<void>;
}

export interface ConnectOptions {
  /** How long a server started by this call waits for a client before it ends (30 s). */
  idleMs?: number;
  /** How long to try for a server that answers (30 s). */
  timeoutMs?: number;
}

const RETRY_MS = 50;
const LONGEST_RETRY_MS = 1000;
const MAX_STARTS = 5;

/**
 * Connects to the database of `dir`, and starts it when nobody serves it. Fails with LOCAL_MISSING without the package dynalite and
 * with LOCAL_UNAVAILABLE when the folder cannot be used or no server comes up.
 */
export async function connectLocal(dir: string, options: ConnectOptions = {}): Promise<LocalConnection> {
  const { idleMs = 30_000, timeoutMs = 30_000 } = options;
  const folder = resolve(dir);
  await prepareFolder(folder);

  const deadline = systemClock.mono() + timeoutMs;
  let starts = 0;
  let pauseMs = RETRY_MS;
  for (;;) {
    const connection = await tryConnect(folder);
    if (connection !== undefined) return connection;
    if (starts >= MAX_STARTS || systemClock.mono() > deadline) throw unavailable(folder);

    const start = await startDaemon(folder, idleMs);
    if (start === 'missing') throw localMissing();
    // One that listens may still end before it is ready, when it cannot open its files.
    if (start !== 'held') {
      starts += 1;
      continue;
    }
    // Each try starts a process.
    await systemClock.sleep(pauseMs);
    pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS);
  }
}

async function tryConnect(folder: string): Promise<LocalConnection | undefined> {
  const found = await readServerFile(folder);
  if (found === undefined) return undefined;
  const lease = await openLease(found);
  if (lease === undefined) return undefined;
  // Read again: the endpoint is known only now, when the server says that it is ready.
  const file = await readServerFile(folder);
  if (file?.endpointUrl === undefined || file.nonce !== found.nonce) {
    await lease.release();
    return undefined;
  }
  return connectionTo({ ...file, endpointUrl: file.endpointUrl }, lease);
}

function connectionTo(server: Omit<LocalServer, 'secretAccessKey'>, lease: Lease): LocalConnection {
  return {
    endpointUrl: server.endpointUrl,
    region: server.region,
    accessKeyId: server.accessKeyId,
    secretAccessKey: LOCAL_SECRET_ACCESS_KEY,
    ended: lease.ended,
    hold: () => lease.hold(),
    release: () => lease.release(),
  };
}

async function prepareFolder(folder: string): Promise<void> {
  let owner: number;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    owner = (await stat(folder)).uid;
  } catch (cause) {
    throw new AnamoError('LOCAL_UNAVAILABLE', `the folder ${folder} cannot be used for the embedded database`, {
      hint: 'name a folder where you may write: --local <dir>',
      cause,
    });
  }
  const me = process.getuid?.() ?? owner;
  // Who owns the folder decides what commands a worker runs. Root in a container often works on a folder mounted from outside.
  if (owner !== me && me !== 0) {
    throw new AnamoError('LOCAL_UNAVAILABLE', `the folder ${folder} belongs to another user`, {
      hint: 'name a folder of your own: --local <dir>',
    });
  }
}

function unavailable(folder: string): AnamoError {
  return new AnamoError('LOCAL_UNAVAILABLE', `the embedded database in ${folder} does not start`, {
    hint: `see ${join(folder, LOG_NAME)}; when the folder lies on a network file system, name one on a local disk: --local <dir>`,
  });
}
