import { chmodSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDynamo } from '../../src/aws/dynamo.ts';
import { connectLocal } from '../../src/local/connect.ts';
import { createCliRig, type CliResult, type CliRig } from '../support/cli-rig.ts';

/* What a user may meet: one clear sentence, the way out, the exit code, and no stack trace unless asked. */
let rig: CliRig;
let refusing: Server;
let endpoint: string;
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-that-must-not-show' };
const PLACE = ['-t', 'Example_Table', '-r', 'us-east-1'];

beforeAll(async () => {
  rig = createCliRig();
  // Answers every request with the error that its path names.
  refusing = createServer((request, response) => {
    const type = (request.url ?? '').replaceAll('/', '');
    request.resume();
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: `said ${type}` }));
  });
  await new Promise<void>((resolve) => void refusing.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
});

afterAll(async () => {
  refusing.closeAllConnections();
  await new Promise((resolve) => void refusing.close(resolve));
  await rig.close();
});

function expectClear(result: CliResult, code: number, message: string, hint: string): void {
  expect(result.stderr).toMatch(/^anamo: .+\n {2}→ .+\n$/);
  expect(result.stderr).toContain(message);
  expect(result.stderr).toContain(hint);
  expect(result.stderr).not.toContain(KEYS.AWS_SECRET_ACCESS_KEY);
  expect(result).toMatchObject({ code, signal: null, stdout: '' });
}

test.each([
  ['no credentials', PLACE, {}, 2, 'no AWS credentials were found', 'AWS_PROFILE'],
  ['no region', ['-t', 'Example_Table'], KEYS, 2, 'no AWS region is set', '-r us-east-1'],
  [
    'a region that is none',
    ['-t', 'Example_Table', '-r', 'useast1'],
    KEYS,
    2,
    'region (useast1, flag -r/--region) is no AWS region',
    '',
  ],
  [
    'nobody at the endpoint',
    [...PLACE, '--endpoint-url', 'http://127.0.0.1:1'],
    KEYS,
    1,
    'http://127.0.0.1:1 cannot be reached',
    '--endpoint-url',
  ],
  ['a bad endpoint', [...PLACE, '--endpoint-url', '127.0.0.1'], KEYS, 2, 'endpointUrl must be a URL', ''],
])('%s', async (_what, args, env, code, message, hint) => {
  expectClear(await rig.anamo(['status', ...args], { env }), code, message, hint);
});

test.each([
  ['throttled', 'ThrottlingException', 1, 'is throttling', 'capacity'],
  ['bad credentials', 'UnrecognizedClientException', 2, 'refused the credentials', 'AWS_PROFILE'],
  ['expired credentials', 'ExpiredTokenException', 2, 'refused the credentials', 'aws sso login'],
  ['no such table', 'ResourceNotFoundException', 2, 'there is no table Example_Table', 'anamo import'],
  ['something new', 'SomethingNewException', 1, 'SomethingNewException', 'anamo doctor'],
])('DynamoDB says %s', async (_what, type, code, message, hint) => {
  const args = [...PLACE, '--endpoint-url', `${endpoint}/${type}`];
  expectClear(await rig.anamo(['status', ...args], { env: KEYS }), code, message, hint);
});

describe('of the embedded DynamoDB', () => {
  const LOCAL = ['-t', 'Example_Table', '--local'];

  test('a missing table, for every command that reads one', async () => {
    for (const args of [['status'], ['run'], ['items'], ['show', 'x'], ['logs', 'x']]) {
      expectClear(await rig.anamo([...args, ...LOCAL]), 2, 'there is no table Example_Table', 'anamo import');
    }
  });

  test('as JSON, and with the stack when asked', async () => {
    const { stderr } = await rig.anamo(['status', ...LOCAL, '--json']);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'TABLE_MISSING' } });
    expect((await rig.anamo(['status', ...LOCAL], { env: { ANAMO_DEBUG: '1' } })).stderr).toContain('\n    at ');
  });

  test('an unknown item, an unknown step', async () => {
    await rig.anamo(['import', '-i', '-', ...LOCAL], { input: 'itemID|TaskID|TaskScript\na|x|true\n' });
    expectClear(await rig.anamo(['show', 'b', ...LOCAL]), 2, 'has no item b', 'anamo items');
    expectClear(await rig.anamo(['run', '--step', 'qc', ...LOCAL]), 2, 'has no step qc', 'Example_Table');
    expectClear(await rig.anamo(['logs', 'a', ...LOCAL]), 1, 'a has not run yet', 'anamo run');
  });

  test('a spool folder that cannot be made', async () => {
    rig.write('file', '');
    const result = await rig.anamo(['run', '--spool-dir', 'file/below', '--progress', 'none', ...LOCAL]);
    expectClear(result, 2, 'file/below', '--spool-dir');
  });

  test('doctor has exit code 2 when something fails, and says what and how to mend it', async () => {
    const result = await rig.anamo(['doctor', '--spool-dir', 'file/below', ...LOCAL]);
    expect(result).toMatchObject({ code: 2, stderr: '' });
    expect(result.stdout).toMatch(/^fail {2}spool folder .+file\/below cannot be written .+\n +→ .+--spool-dir/m);
  });

  test('a table of a newer schema', async () => {
    await setReaderVersion(path.join(rig.dir, '.anamo'), 99);
    expectClear(await rig.anamo(['status', ...LOCAL]), 2, 'table Example_Table asks for schema', 'update anamo');
  });
});

test('an input without permission', async () => {
  rig.write('secret.txt', 'x');
  chmodSync(path.join(rig.dir, 'secret.txt'), 0);
  const result = await rig.anamo(['import', '-i', 'secret.txt', ...PLACE], { env: KEYS });
  // Root may read everything, and meets the header instead.
  const isRoot = process.getuid?.() === 0;
  expectClear(result, 2, isRoot ? 'is no header' : 'no permission to read it', '');
});

/** What a release to come would write. */
async function setReaderVersion(folder: string, version: number): Promise<void> {
  const server = await connectLocal(folder);
  const { accessKeyId, secretAccessKey, endpointUrl, region } = server;
  const dynamo = await createDynamo({
    table: 'Example_Table',
    region,
    endpointUrl,
    credentials: { accessKeyId, secretAccessKey },
  });
  await dynamo.patient.send(
    new UpdateCommand({
      TableName: 'Example_Table',
      Key: { pk: 'table', sk: 'table' },
      UpdateExpression: 'SET minReader = :v, minWriter = :v',
      ExpressionAttributeValues: { ':v': version },
    }),
  );
  dynamo.close();
  await server.release();
}
