import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  CreateTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  paginateQuery,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectLocal } from '../../src/local/connect.ts';
import type { LocalServer } from '../../src/local/connect.ts';
import { localEnvironment, runLocalForeground } from '../../src/local/foreground.ts';
import { loadDynalite } from '../../src/local/load-dynalite.ts';
import { stopLocal } from '../../src/local/stop.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const CONNECT = pathToFileURL(join(SRC, 'local/connect.ts')).href;

let root: string;
let dir: string;
const clients: DynamoDBClient[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'anamo-local-'));
  // Blanks, other scripts and a path too long for a unix socket, all at once.
  dir = join(root, 'project of Zoë 様', 'x'.repeat(100), '.anamo');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  const left = daemons();
  for (const pid of left) process.kill(pid, 'SIGKILL');
  await until('no daemon is left', () => left.every(isGone));
  await rm(root, { recursive: true, force: true });
});

/** The processes that name this test's folder on their command line and are neither ended nor another's. */
function daemons(): number[] {
  return globSync('/proc/[0-9]*/cmdline')
    .filter((path) => {
      try {
        return readFileSync(path, 'utf8').split('\0')[2]?.startsWith(root);
      } catch {
        return false;
      }
    })
    .map((path) => Number(path.split('/')[2]));
}

async function until(what: string, condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function sdk(server: LocalServer): DynamoDBClient {
  const { endpointUrl, region, accessKeyId, secretAccessKey } = server;
  const client = new DynamoDBClient({
    endpoint: endpointUrl,
    region,
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
}

async function createTable(client: DynamoDBClient): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: 'flow',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'state', 'at'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byState',
          KeySchema: [
            { AttributeName: 'state', KeyType: 'HASH' },
            { AttributeName: 'at', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  await until('the table is active', async () => {
    const { Items } = await client.send(new QueryCommand(inState('todo'))).catch(() => ({ Items: undefined }));
    return Items !== undefined;
  });
}

function inState(state: string) {
  return {
    TableName: 'flow',
    IndexName: 'byState',
    KeyConditionExpression: '#s = :s',
    ExpressionAttributeNames: { '#s': 'state' },
    ExpressionAttributeValues: { ':s': { S: state } },
  };
}

function item(n: number, state = 'todo') {
  return { pk: { S: `item#${n}` }, state: { S: state }, at: { S: `5|${n}` } };
}

async function listed(client: DynamoDBClient, state: string): Promise<string[]> {
  const found: string[] = [];
  for await (const page of paginateQuery({ client }, inState(state))) {
    found.push(...(page.Items ?? []).map(({ pk }) => pk?.S ?? ''));
  }
  return found.toSorted();
}

interface Program {
  child: ChildProcess;
  /** Its first line of output. */
  line: string;
  ended: Promise<unknown[]>;
}

/** A client in a process of its own; `code` runs with `connection` and `dir`. */
async function program(code: string, options = '{}', env = process.env): Promise<Program> {
  const script = `const { connectLocal } = await import(${JSON.stringify(CONNECT)});
    const dir = ${JSON.stringify(dir)};
    const connection = await connectLocal(dir, ${options});
    ${code}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), ended.then(() => [''])]);
  return { child, line: String(line), ended };
}

async function serverFile(): Promise<{ pid: number; leasePort: number; endpointUrl: string }> {
  return JSON.parse(await readFile(join(dir, 'server.json'), 'utf8'));
}

async function killDaemon(): Promise<void> {
  const { pid } = await serverFile();
  process.kill(pid, 'SIGKILL');
  await until('the killed daemon is gone', () => isGone(pid));
}

/**
 * True once its files are closed, which is after its command line is gone: nothing is left, or a zombie whose last thread has ended
 * (its first thread is a zombie earlier).
 */
function isGone(pid: number): boolean {
  try {
    return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')) && readdirSync(`/proc/${pid}/task`).length === 1;
  } catch {
    return true;
  }
}

describe('one server for a folder', () => {
  test('20 first openers at once, in this process and in others, share one', async () => {
    const here = Array.from({ length: 14 }, () => connectLocal(dir));
    const there = Array.from({ length: 6 }, () => program('console.log(connection.endpointUrl); connection.hold();'));
    const connections = await Promise.all(here);
    const programs = await Promise.all(there);

    const endpoints = new Set([...connections.map((c) => c.endpointUrl), ...programs.map((p) => p.line)]);
    expect([...endpoints]).toEqual([(await serverFile()).endpointUrl]);
    expect(daemons()).toEqual([(await serverFile()).pid]);
    expect((await sdk(connections[0]!).send(new ListTablesCommand())).TableNames).toEqual([]);

    for (const { child, ended } of programs) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const connection of connections) await connection.release();
  });

  test('a second opener waits for a first one that is still opening', async () => {
    const first = await connectLocal(dir);
    await createTable(sdk(first));
    await killDaemon();
    // Much to check after the kill, so that opening takes a while.
    const { Level } = loadDynalite();
    const db = new Level(join(dir, 'dynamodb'), { valueEncoding: 'json' });
    await db.open();
    await db.batch(Array.from({ length: 20_000 }, (_, n) => ({ type: 'put', key: `item-flow~${n}`, value: item(n) })));
    await db.close();

    const opening = connectLocal(dir);
    const isOpening = async () => {
      const file = await serverFile();
      return file.endpointUrl === undefined;
    };
    await until('the first one is opening', isOpening);
    const starting = await serverFile();
    const second = await connectLocal(dir);
    expect(await serverFile()).toMatchObject({ pid: starting.pid, leasePort: starting.leasePort });
    expect((await opening).endpointUrl).toBe(second.endpointUrl);
    expect(daemons()).toEqual([starting.pid]);
    await Promise.all([(await opening).release(), second.release()]);
  });

  test('a stranger on the port of a killed server is found out', async () => {
    const first = await connectLocal(dir);
    await killDaemon();
    await first.ended;
    const stranger = createServer((socket) => socket.on('error', () => undefined).write('220 mail.example ESMTP\r\n'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const file = await serverFile();
    const { port } = stranger.address() as AddressInfo;
    await writeFile(join(dir, 'server.json'), JSON.stringify({ ...file, leasePort: port }));

    const again = await connectLocal(dir);
    expect((await serverFile()).leasePort).not.toBe(port);
    expect((await sdk(again).send(new ListTablesCommand())).TableNames).toEqual([]);
    await again.release();
    stranger.close();
  });
});

/** How many of its connections had a server that works. */
async function comeAndGo(times: number): Promise<number> {
  let working = 0;
  for (let n = 0; n < times; n += 1) {
    const connection = await connectLocal(dir, { idleMs: 0 });
    const { TableNames } = await sdk(connection).send(new ListTablesCommand());
    if (TableNames?.length === 0) working += 1;
    await connection.release();
  }
  return working;
}

describe('its end', () => {
  test('comes after its last client, and cleans up', async () => {
    const connection = await connectLocal(dir, { idleMs: 1 });
    await connection.release();
    await until('the daemon is gone', () => daemons().length === 0);
    expect(await readdir(dir)).toEqual(['dynamodb', 'lock', 'server.log']);
  });

  test('does not come while one client is left', async () => {
    const first = await connectLocal(dir, { idleMs: 1 });
    for (let n = 0; n < 20; n += 1) {
      const other = await connectLocal(dir);
      expect(other.endpointUrl).toBe(first.endpointUrl);
      await other.release();
    }
    expect((await sdk(first).send(new ListTablesCommand())).TableNames).toEqual([]);
    await first.release();
  });

  test('comes when its clients are killed', async () => {
    const one = await program('console.log(connection.endpointUrl); connection.hold();', '{ idleMs: 100 }');
    expect(one.line).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    one.child.kill('SIGKILL');
    await one.ended;
    await until('the daemon is gone', () => daemons().length === 0);
    expect(existsSync(join(dir, 'server.json'))).toBe(false);
  });

  test('leaves no gap: who connects in that moment gets a working server', async () => {
    expect(await Promise.all([comeAndGo(8), comeAndGo(8), comeAndGo(8)])).toEqual([8, 8, 8]);
  });

  test('does not take along the file of another server, whose folder was made anew in its place', async () => {
    const old = await connectLocal(dir);
    const { pid } = await serverFile();
    await rm(dir, { recursive: true });
    const anew = await connectLocal(dir);
    process.kill(pid, 'SIGTERM');
    await until('the old server is gone', () => isGone(pid));
    expect(await serverFile()).toMatchObject({ endpointUrl: anew.endpointUrl });
    await Promise.all([old.release(), anew.release()]);
  });

  test('can be asked for', async () => {
    const connection = await connectLocal(dir);
    expect(await stopLocal(dir)).toBe(true);
    await connection.ended;
    expect(existsSync(join(dir, 'server.json'))).toBe(false);
    expect(await stopLocal(dir)).toBe(false);
    await connection.release();
  });

  test('a client ends although it still has its connection', async () => {
    const one = await program('console.log("connected");', '{ idleMs: 100 }');
    expect(one.line).toBe('connected');
    expect(await one.ended).toEqual([0, null]);
  });
});

describe('the data', () => {
  test('survive a normal end and a kill', async () => {
    const first = await connectLocal(dir);
    await createTable(sdk(first));
    await sdk(first).send(new PutItemCommand({ TableName: 'flow', Item: item(1) }));
    await stopLocal(dir);

    const second = await connectLocal(dir);
    await sdk(second).send(new PutItemCommand({ TableName: 'flow', Item: item(2) }));
    await killDaemon();
    await second.ended;
    await expect(sdk(second).send(new ListTablesCommand())).rejects.toThrow(/ECONNREFUSED/);

    const third = await connectLocal(dir);
    expect(await listed(sdk(third), 'todo')).toEqual(['item#1', 'item#2']);
    await third.release();
  });

  test('have indexes that agree with the items after a kill in the middle of a write', async () => {
    const first = await connectLocal(dir);
    await createTable(sdk(first));
    for (const n of [1, 2, 3]) await sdk(first).send(new PutItemCommand({ TableName: 'flow', Item: item(n) }));
    await killDaemon();

    // What dynalite leaves when it is killed between its writes: the index is ahead of item 2, and an entry has no item.
    const { Level, getIndexActions } = loadDynalite();
    const db = new Level(join(dir, 'dynamodb'), { valueEncoding: 'json' });
    await db.open();
    const entries: string[] = [];
    for await (const key of db.keys({ gte: 'index-', lt: 'index-~' })) entries.push(key);
    expect(entries).toHaveLength(3);
    let table: Record<string, unknown> = {};
    for await (const [, value] of db.iterator({ gte: 'table~', lt: 'table~~' })) table = value as typeof table;
    const entryOf = (of: ReturnType<typeof item>) => {
      const { puts } = getIndexActions(table['GlobalSecondaryIndexes'], undefined, of, table);
      return { key: `index-global~flow~byState~${puts[0]?.key}`, value: puts[0]?.item };
    };
    expect(entries).toContain(entryOf(item(2)).key);
    await db.batch([
      { type: 'del', key: entryOf(item(2)).key },
      { type: 'put', ...entryOf(item(2, 'locked')) },
      { type: 'put', ...entryOf(item(99)) },
    ]);
    await db.close();

    const again = await connectLocal(dir);
    expect(await listed(sdk(again), 'todo')).toEqual(['item#1', 'item#2', 'item#3']);
    expect(await listed(sdk(again), 'locked')).toEqual([]);
    expect(await readFile(join(dir, 'server.log'), 'utf8')).toContain('entriesAdded: 1, entriesRemoved: 2');
    await again.release();
  });

  test('agree after a real kill under load, and no answered write is lost', async () => {
    const first = await connectLocal(dir);
    const client = sdk(first);
    await createTable(client);
    const answered = new Map<string, string>();
    async function write(lane: number): Promise<void> {
      for (let n = 0; ; n += 1) {
        const { pk } = item((lane * 7 + n) % 200);
        const state = `state-${lane}-${n % 3}`;
        await client.send(
          new UpdateItemCommand({
            TableName: 'flow',
            Key: { pk: { S: `${lane}/${pk.S}` } },
            UpdateExpression: 'SET #s = :s, #at = :at',
            ExpressionAttributeNames: { '#s': 'state', '#at': 'at' },
            ExpressionAttributeValues: { ':s': { S: state }, ':at': { S: String(n) } },
          }),
        );
        answered.set(`${lane}/${pk.S}`, String(n));
      }
    }
    const lanes = Array.from({ length: 8 }, (_, lane) => write(lane).catch(() => undefined));
    await until('there is a load', () => answered.size > 300);
    await killDaemon();
    await Promise.all(lanes);

    const again = sdk(await connectLocal(dir));
    const items: string[] = [];
    const latest = new Map<string, number>();
    for await (const page of paginateScan({ client: again }, { TableName: 'flow' })) {
      for (const { pk, state, at } of page.Items ?? []) {
        items.push(`${pk?.S} ${state?.S}`);
        latest.set(pk?.S ?? '', Number(at?.S));
      }
    }
    const lost = [...answered].filter(([pk, n]) => (latest.get(pk) ?? -1) < Number(n));
    expect(lost).toEqual([]);
    const entries: string[] = [];
    for (const state of new Set(items.map((text) => text.split(' ')[1] ?? ''))) {
      entries.push(...(await listed(again, state)).map((pk) => `${pk} ${state}`));
    }
    expect(entries.toSorted()).toEqual(items.toSorted());
  });
});

describe('who may use it', () => {
  test("only who can read server.json; the folder is the owner's alone", async () => {
    const connection = await connectLocal(dir);
    const stranger = sdk({ ...connection, accessKeyId: 'anamo' });
    await expect(stranger.send(new ListTablesCommand())).rejects.toThrow(/security token/);
    expect((await fetch(connection.endpointUrl)).status).toBe(400);
    expect((await stat(dir)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(dir)) expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
    await connection.release();
  });

  test("the daemon gets none of the user's secrets", async () => {
    const secrets = {
      AWS_SECRET_ACCESS_KEY: 'topsecret',
      AWS_SESSION_TOKEN: 'topsecret',
      AWS_ACCOUNT_ID: '123456789012',
    };
    const one = await program('console.log("connected"); connection.hold();', '{}', { ...process.env, ...secrets });
    const { pid } = await serverFile();
    const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
    expect(environment).not.toContain('topsecret');
    expect(environment).toContain('AWS_ACCOUNT_ID=000000000000');
    one.child.kill('SIGKILL');
    await one.ended;
  });

  test('a client that dies while it sends a request does not end the server', async () => {
    const connection = await connectLocal(dir);
    const socket = connect(Number(new URL(connection.endpointUrl).port), '127.0.0.1');
    await once(socket, 'connect');
    const head = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 999\r\nauthorization: AWS4-HMAC-SHA256 Credential=${connection.accessKeyId}/`;
    await new Promise((resolve) => socket.write(`${head}\r\n\r\n{"half`, resolve));
    // The answer to a later request tells that the server has read the half one.
    await sdk(connection).send(new ListTablesCommand());
    socket.resetAndDestroy();
    await once(socket, 'close');
    expect((await sdk(connection).send(new ListTablesCommand())).TableNames).toEqual([]);
    await connection.release();
  });
});

describe('what can be missing', () => {
  test('a folder that is a file', async () => {
    await writeFile(join(root, 'file'), '');
    await expect(connectLocal(join(root, 'file'))).rejects.toMatchObject({ code: 'LOCAL_UNAVAILABLE' });
  });

  test('files that cannot be opened: an error that names the log, no endless trying', async () => {
    await mkdir(dir, { recursive: true });
    await writeFile(join(dir, 'dynamodb'), 'not a database');
    await expect(connectLocal(dir)).rejects.toMatchObject({
      code: 'LOCAL_UNAVAILABLE',
      hint: expect.stringContaining(join(dir, 'server.log')),
    });
    expect(await readFile(join(dir, 'server.log'), 'utf8')).not.toBe('');
  });

  test('the package dynalite; with it, the built files work as the sources do', async () => {
    const built = join(root, 'built');
    await cp(SRC, built, { recursive: true, filter: (path) => !/src\/(?!local|support|domain)[a-z]+/.test(path) });
    await writeFile(join(root, 'package.json'), '{"type":"module"}');
    for (const file of globSync('**/*.ts', { cwd: built })) {
      const code = stripTypeScriptTypes(await readFile(join(built, file), 'utf8')).replaceAll(
        /(from '\.[^']*)\.ts'/g,
        `$1.js'`,
      );
      await writeFile(join(built, file.replace(/\.ts$/, '.js')), code);
      await rm(join(built, file));
    }
    const { connectLocal: connectBuilt }: { connectLocal: typeof connectLocal } = await import(
      pathToFileURL(join(built, 'local/connect.js')).href
    );
    await expect(connectBuilt(dir)).rejects.toMatchObject({ code: 'LOCAL_MISSING', exitCode: 2 });
    await symlink(MODULES, join(root, 'node_modules'));
    const connection = await connectBuilt(dir);
    expect((await sdk(connection).send(new ListTablesCommand())).TableNames).toEqual([]);
    await connection.release();
  });
});

describe('in the foreground', () => {
  test('it stays until told, and tells other tools how to use it', async () => {
    const stop = new AbortController();
    const ready = Promise.withResolvers<LocalServer>();
    const end = runLocalForeground(dir, { signal: stop.signal, onReady: ready.resolve, idleMs: 1 });
    const environment = localEnvironment(await ready.promise);
    const {
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_ACCESS_KEY_ID: accessKeyId = '',
      AWS_REGION: region,
    } = environment;
    const client = new DynamoDBClient({
      endpoint: endpoint ?? '',
      region: region ?? '',
      credentials: { accessKeyId, secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '' },
    });
    clients.push(client);
    await createTable(client);
    expect(await client.send(new GetItemCommand({ TableName: 'flow', Key: { pk: { S: 'x' } } }))).not.toHaveProperty(
      'Item',
    );
    stop.abort();
    expect(await end).toBe('stopped');
    await until('the daemon is gone', () => daemons().length === 0);
  });

  test('it says when the server ended under it', async () => {
    const end = runLocalForeground(dir, {
      signal: new AbortController().signal,
      onReady: () => void killDaemon(),
    });
    expect(await end).toBe('lost');
  });
});

test('an iterator of the database is closed when a Query ends, as dynalite means it', async () => {
  const { Level } = loadDynalite();
  const db = new Level(join(root, 'db'), { valueEncoding: 'json' });
  await db.open();
  const iterator = Reflect.apply(Reflect.get(db, 'values'), db, [{}]) as AsyncIterator<unknown>;
  await iterator.return?.();
  await expect(iterator.next()).rejects.toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  await db.close();
});
