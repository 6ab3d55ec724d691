import { randomBytes } from 'node:crypto';
import { statSync, truncateSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { AnamoError } from '../domain/errors.ts';
import { EXIT_FOLDER_HELD, EXIT_MISSING, LISTENING, LOCAL_REGION, LOG_NAME } from './daemon-contract.ts';
import { startDynamo } from './dynalite.ts';
import type { DynamoServer } from './dynalite.ts';
import { lockFolder } from './folder-lock.ts';
import { startIdleTimer } from './idle-timer.ts';
import { startLeaseServer } from './lease-server.ts';
import { loadDynalite } from './load-dynalite.ts';
import type { DynalitePackage } from './load-dynalite.ts';
import { repairIndexes } from './repair.ts';
import { hasServerFile, removeServerFile, writeServerFile } from './server-file.ts';
import type { ServerFile } from './server-file.ts';

/*
 * The process that serves one folder: node daemon.ts <dir> <idle ms>
 *
 *   lock ─► listen for leases ─► server.json ─► repair, if the last one was killed ─► ready ─► no client for <idle ms> ─► leave
 *    └─ held by another: exit
 *
 * leave: refuse new clients, close the files, remove server.json, end (which frees the lock).
 */

const MAX_LOG_BYTES = 256 * 1024;

async function main(dir: string, idleMs: number): Promise<void> {
  const dynalite = loadDynalite();
  if ((await lockFolder(dynalite, dir)) === 'held') process.exit(EXIT_FOLDER_HELD);
  boundLog(join(dir, LOG_NAME));

  const wasKilled = await hasServerFile(dir);
  const idle = startIdleTimer(idleMs, () => void leave());
  const nonce = randomBytes(32).toString('hex');
  const leases = await startLeaseServer(nonce, (clients) => idle.setClients(clients));
  const file = describe(nonce, leases.port);
  await writeServerFile(dir, file);
  // Whoever started this process may be gone: no matter.
  process.send?.(LISTENING, () => undefined);

  const dynamo = await openDatabase(dynalite, join(dir, 'dynamodb'), file.accessKeyId, wasKilled);
  async function leave(): Promise<void> {
    leases.close();
    await dynamo.close();
    await removeServerFile(dir, file.nonce);
    process.exit(0);
  }
  process.once('SIGTERM', () => void leave());
  await writeServerFile(dir, { ...file, endpointUrl: dynamo.endpointUrl });
  leases.ready();
  idle.begin();
}

async function openDatabase(
  dynalite: DynalitePackage,
  path: string,
  accessKeyId: string,
  wasKilled: boolean,
): Promise<DynamoServer> {
  if (wasKilled) log('The last server was killed; its indexes are checked.', await repairIndexes(dynalite, path));
  const dynamo = await startDynamo({ path, accessKeyId });
  await probe(dynamo.endpointUrl, accessKeyId);
  return dynamo;
}

function describe(nonce: string, leasePort: number): ServerFile {
  return {
    region: LOCAL_REGION,
    accessKeyId: `anamo${randomBytes(16).toString('hex')}`,
    leasePort,
    nonce,
    pid: process.pid,
    owner: userInfo().username,
    startedAt: new Date().toISOString(),
  };
}

/** dynalite opens its files on the way and ends the process when it cannot: find that out before a client does. */
async function probe(endpointUrl: string, accessKeyId: string): Promise<void> {
  const now = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${accessKeyId}/${now.slice(0, 8)}/${LOCAL_REGION}/dynamodb/aws4_request`;
  const response = await fetch(endpointUrl, {
    method: 'POST',
    body: '{}',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.ListTables',
      'x-amz-date': now,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
  });
  if (!response.ok) throw new Error(`dynalite answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

function boundLog(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && stats.size > MAX_LOG_BYTES) truncateSync(path);
}

function log(...words: unknown[]): void {
  const text = words.map((word) => (typeof word === 'string' ? word : inspect(word))).join(' ');
  process.stderr.write(`${new Date().toISOString()} ${text}\n`);
}

process.umask(0o077);
try {
  await main(process.argv[2] ?? '.', Number(process.argv[3]));
} catch (error) {
  log(error);
  process.exit(error instanceof AnamoError && error.code === 'LOCAL_MISSING' ? EXIT_MISSING : 1);
}
