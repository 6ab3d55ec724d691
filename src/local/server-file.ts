import { access, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a running server says about itself in `<dir>/server.json`, readable by its owner only. */
export interface ServerFile {
  /** Absent until the files are open. */
  endpointUrl?: string;
  region: string;
  /** New at every start; requests with another one are refused. */
  accessKeyId: string;
  /** Loopback port on which clients hold their leases. */
  leasePort: number;
  /** Proves that whoever listens on the port is the writer of this file. New at every start. */
  nonce: string;
  pid: number;
  owner: string;
  startedAt: string;
}

const NAME = 'server.json';

/** Undefined when there is none or it cannot be understood (another version's): then nobody serves the folder as far as we know. */
export async function readServerFile(dir: string): Promise<ServerFile | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dir, NAME), 'utf8'));
    return isServerFile(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the file in one step: a reader sees the old one or the new one. Only the holder of the folder's lock writes it. */
export async function writeServerFile(dir: string, file: ServerFile): Promise<void> {
  const draft = join(dir, `${NAME}.new`);
  await rm(draft, { force: true });
  await writeFile(draft, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  await rename(draft, join(dir, NAME));
}

/** True when a server serves the folder, or the last one was killed: one that leaves by itself removes its file last. */
export async function hasServerFile(dir: string): Promise<boolean> {
  return access(join(dir, NAME)).then(
    () => true,
    () => false,
  );
}

/** Only the file of the server with this nonce: the folder may have been removed and be another server's by now. */
export async function removeServerFile(dir: string, nonce: string): Promise<void> {
  if ((await readServerFile(dir))?.nonce !== nonce) return;
  await rm(join(dir, NAME), { force: true });
}

function isServerFile(value: unknown): value is ServerFile {
  if (typeof value !== 'object' || value === null) return false;
  const file = value as Partial<Record<keyof ServerFile, unknown>>;
  return (
    (file.endpointUrl === undefined || typeof file.endpointUrl === 'string') &&
    typeof file.region === 'string' &&
    typeof file.accessKeyId === 'string' &&
    typeof file.nonce === 'string' &&
    typeof file.leasePort === 'number'
  );
}
