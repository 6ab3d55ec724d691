import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createDynamo, type Dynamo, type DynamoOptions } from '../../src/aws/dynamo.ts';
import {
  isConditionFailed,
  isMissingTable,
  isThrottle,
  isUnanswered,
  toAnamoError,
  type RequestPlace,
} from '../../src/aws/errors.ts';
import { AnamoError, type ErrorCode } from '../../src/domain/errors.ts';

const PLACE: RequestPlace = { operation: 'GetItem', region: 'eu-west-2', endpoint: undefined, table: 'T' };
const LOCAL: RequestPlace = { ...PLACE, endpoint: 'http://127.0.0.1:1' };

function sdkError(name: string, change: { code?: string; status?: number; message?: string } = {}): Error {
  const { code, status, message = 'said so' } = change;
  const metadata = status === undefined ? {} : { $metadata: { httpStatusCode: status } };
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code }, metadata);
}

/** What the SDK makes of a page where an answer should be. */
const UNREADABLE = `Unexpected token '<' is not valid JSON\n  Deserialization error: to see the raw response, inspect …`;

type Row = readonly [string, unknown, ErrorCode, 1 | 2, RegExp];
const TABLE: readonly Row[] = [
  ['no table', sdkError('ResourceNotFoundException', { status: 400 }), 'TABLE_MISSING', 2, /anamo import/],
  ['no credentials', sdkError('CredentialsProviderError'), 'AWS_NO_CREDENTIALS', 2, /AWS_PROFILE.*--local/],
  [
    'no credentials, by text',
    new Error('Could not load credentials from any providers'),
    'AWS_NO_CREDENTIALS',
    2,
    /--local/,
  ],
  ['no region', new Error('Region is missing'), 'AWS_NO_REGION', 2, /-r us-east-1/],
  ['unknown key', sdkError('UnrecognizedClientException', { status: 400 }), 'AWS_BAD_CREDENTIALS', 2, /AWS_PROFILE/],
  ['expired token', sdkError('ExpiredTokenException', { status: 400 }), 'AWS_BAD_CREDENTIALS', 2, /aws sso login/],
  ['bad signature', sdkError('InvalidSignatureException', { status: 400 }), 'AWS_BAD_CREDENTIALS', 2, /AWS_PROFILE/],
  ['unsendable key', sdkError('TypeError', { code: 'ERR_INVALID_CHAR' }), 'AWS_BAD_CREDENTIALS', 2, /line end/],
  ['denied', sdkError('AccessDeniedException', { status: 400 }), 'AWS_DENIED', 2, /dynamodb:GetItem on table T/],
  ['throttled', sdkError('ThrottlingException', { status: 400 }), 'AWS_THROTTLED', 1, /capacity/],
  ['over capacity', sdkError('ProvisionedThroughputExceededException'), 'AWS_THROTTLED', 1, /capacity/],
  ['refused connection', sdkError('Error', { code: 'ECONNREFUSED' }), 'AWS_UNREACHABLE', 1, /region/],
  ['unknown host', sdkError('Error', { code: 'ENOTFOUND' }), 'AWS_UNREACHABLE', 1, /network/],
  ['reset', sdkError('Error', { code: 'ECONNRESET', message: 'socket hang up' }), 'AWS_UNREACHABLE', 1, /network/],
  ['timeout', sdkError('TimeoutError'), 'AWS_UNREACHABLE', 1, /network/],
  ['no TLS there', sdkError('Error', { code: 'EPROTO' }), 'AWS_UNREACHABLE', 1, /network/],
  ["a proxy's page", sdkError('SyntaxError', { message: UNREADABLE }), 'AWS_FAILED', 1, /proxy/],
  ['5xx', sdkError('InternalServerError', { status: 500 }), 'AWS_FAILED', 1, /doctor/],
  ['anything else', sdkError('ValidationException', { status: 400 }), 'AWS_FAILED', 1, /doctor/],
  ['no error at all', 'a string', 'AWS_FAILED', 1, /doctor/],
  ['undefined', undefined, 'AWS_FAILED', 1, /doctor/],
];

describe('toAnamoError', () => {
  test.each(TABLE)('%s', (_what, error, code, exit, hint) => {
    const known = toAnamoError(error, PLACE);
    expect(known).toBeInstanceOf(AnamoError);
    expect([known.code, known.exitCode]).toEqual([code, exit]);
    expect(known.hint).toMatch(hint);
    expect(known.cause).toBe(error);
  });

  test('names the endpoint where there is one, and the way out is another', () => {
    const known = toAnamoError(sdkError('Error', { code: 'ECONNREFUSED' }), LOCAL);
    expect(known.message).toBe('DynamoDB at http://127.0.0.1:1 cannot be reached (ECONNREFUSED)');
    expect(known.hint).toMatch(/--endpoint-url/);
    expect(toAnamoError(sdkError('TimeoutError'), PLACE).message).toMatch(/^DynamoDB in eu-west-2 cannot be reached/);
  });

  test('says why credentials could not be had when a way to them was configured', () => {
    const expired = sdkError('CredentialsProviderError', { message: 'Token is expired. Run aws sso login' });
    expect(toAnamoError(expired, PLACE).message).toMatch(/Token is expired/);
  });

  test('leaves an AnamoError as it is', () => {
    const known = new AnamoError('STEP_LIMIT', 'one more');
    expect(toAnamoError(known, PLACE)).toBe(known);
  });
});

describe('what is known of a write', () => {
  test.each<[Error, boolean]>([
    [sdkError('TimeoutError'), true],
    [sdkError('AbortError'), true],
    [sdkError('Error', { code: 'ECONNRESET' }), true],
    [sdkError('Error', { code: 'EPIPE' }), true],
    [sdkError('InternalServerError', { status: 500 }), true],
    [sdkError('ServiceUnavailable', { status: 503 }), true],
    [sdkError('ThrottlingException', { status: 400 }), true],
    [sdkError('RequestLimitExceeded', { status: 400 }), true],
    [sdkError('SyntaxError', { message: UNREADABLE }), true],
    [sdkError('ConditionalCheckFailedException', { status: 400 }), false],
    [sdkError('ValidationException', { status: 400 }), false],
    [sdkError('AccessDeniedException', { status: 400 }), false],
    [sdkError('ResourceNotFoundException', { status: 400 }), false],
    [sdkError('CredentialsProviderError'), false],
  ])('%o: unanswered is %o', (error, unanswered) => {
    expect(isUnanswered(error)).toBe(unanswered);
  });

  test('each of the others knows its own only', () => {
    const names = ['ConditionalCheckFailedException', 'ResourceNotFoundException', 'ThrottlingException'];
    const errors = names.map((name) => sdkError(name));
    expect(errors.map(isConditionFailed)).toEqual([true, false, false]);
    expect(errors.map(isMissingTable)).toEqual([false, true, false]);
    expect(errors.map(isThrottle)).toEqual([false, false, true]);
  });
});

describe('the SDK itself', () => {
  beforeEach(() => {
    for (const name of Object.keys(process.env).filter((key) => key.startsWith('AWS_'))) vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
    vi.stubEnv('HOME', '/nonexistent');
  });
  afterEach(() => vi.unstubAllEnvs());

  const GIVEN = { accessKeyId: 'local', secretAccessKey: 'local' };
  async function ask(options: Partial<DynamoOptions>): Promise<AnamoError> {
    const dynamo = await createDynamo({ table: 'T', region: 'eu-west-2', requestTimeoutMs: 200, ...options });
    onTestFinished(() => dynamo.close());
    return await failureOf(dynamo);
  }

  async function failureOf(dynamo: Dynamo): Promise<AnamoError> {
    const command = new GetCommand({ TableName: dynamo.table, Key: { pk: 'a', sk: 'b' } });
    const error: unknown = await dynamo.once.send(command).catch((reason: unknown) => reason);
    return toAnamoError(error, dynamo.place('GetItem'));
  }

  test('nobody listens: AWS_UNREACHABLE', async () => {
    const endpointUrl = await serve(() => undefined, true);
    const known = await ask({ endpointUrl, credentials: GIVEN });
    expect(known).toMatchObject({ code: 'AWS_UNREACHABLE', message: expect.stringContaining('ECONNREFUSED') });
    expect(isUnanswered(known.cause)).toBe(true);
  });

  test('the server never answers: AWS_UNREACHABLE, and the write is unanswered', async () => {
    const known = await ask({ endpointUrl: await serve(() => undefined), credentials: GIVEN });
    expect(known).toMatchObject({ code: 'AWS_UNREACHABLE', cause: { name: 'TimeoutError' } });
    expect(isUnanswered(known.cause)).toBe(true);
  });

  test('the server hangs up: AWS_UNREACHABLE, and the write is unanswered', async () => {
    const known = await ask({ endpointUrl: await serve((socket) => socket.destroy()), credentials: GIVEN });
    expect(known.code).toBe('AWS_UNREACHABLE');
    expect(isUnanswered(known.cause)).toBe(true);
  });

  test('no credentials: AWS_NO_CREDENTIALS', async () => {
    const known = await ask({ endpointUrl: await serve(() => undefined) });
    expect(known).toMatchObject({ code: 'AWS_NO_CREDENTIALS', exitCode: 2 });
  });

  test('no region: AWS_NO_REGION before anything is sent', async () => {
    await expect(createDynamo({ table: 'T' })).rejects.toMatchObject({ code: 'AWS_NO_REGION', exitCode: 2 });
  });
});

/** A server that does with each connection's request as told; `gone`: its address, with nobody there any more. */
async function serve(onRequest: (socket: { destroy(): void }) => void, gone = false): Promise<string> {
  const server = createServer((request) => onRequest(request.socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  if (gone) await close();
  else onTestFinished(close);
  return `http://127.0.0.1:${port}`;
}
