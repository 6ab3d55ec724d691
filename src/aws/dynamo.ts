import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { toAnamoError, type RequestPlace } from './errors.ts';
import { AnamoError } from '../domain/errors.ts';

export interface DynamoOptions {
  readonly table: string;
  readonly region?: string | undefined;
  readonly endpointUrl?: string | undefined;
  /** Fixed ones for an embedded server; otherwise the SDK's own chain is asked. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Of one request, ms; default 5,000. */
  readonly requestTimeoutMs?: number;
}

/** Two ways to one DynamoDB over the same connections. */
export interface Dynamo {
  readonly table: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  /** For reads and for writes that may be repeated blindly: the SDK tries again. */
  readonly patient: DynamoDBDocumentClient;
  /** For conditional writes: one transmission, so that a failed condition is never the echo of our own success. */
  readonly once: DynamoDBDocumentClient;
  /** Epoch ms by the Date header of the newest answer: the fleet's common wall clock. Due times use it. */
  serverNow(): number;
  place(operation: string): RequestPlace;
  close(): void;
}

const MAX_SOCKETS = 128;

/** The only place that makes DynamoDB clients. Throws AWS_NO_REGION when no region can be found. */
export async function createDynamo(options: DynamoOptions): Promise<Dynamo> {
  const agentOptions = { keepAlive: true, maxSockets: MAX_SOCKETS };
  const httpAgent = new HttpAgent(agentOptions);
  const httpsAgent = new HttpsAgent(agentOptions);
  const common = {
    ...(options.region === undefined ? {} : { region: options.region }),
    ...(options.endpointUrl === undefined ? {} : { endpoint: options.endpointUrl }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    requestHandler: {
      httpAgent,
      httpsAgent,
      connectionTimeout: 3000,
      requestTimeout: options.requestTimeoutMs ?? 5000,
      throwOnRequestTimeout: true,
    },
  };
  const translate = { marshallOptions: { removeUndefinedValues: true }, unmarshallOptions: {} };
  const clients = [
    new DynamoDBClient({ ...common, maxAttempts: 4 }),
    new DynamoDBClient({ ...common, maxAttempts: 1 }),
  ] as const;
  const region = await regionOf(clients[0]);
  let skewMs = 0;
  for (const client of clients) watchDate(client, (serverMs) => (skewMs = serverMs - Date.now()));
  return {
    table: options.table,
    region,
    endpoint: options.endpointUrl,
    patient: DynamoDBDocumentClient.from(clients[0], translate),
    once: DynamoDBDocumentClient.from(clients[1], translate),
    serverNow: () => Date.now() + skewMs,
    place: (operation) => ({ operation, region, endpoint: options.endpointUrl, table: options.table }),
    close() {
      for (const client of clients) client.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

async function regionOf(client: DynamoDBClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (error) {
    const place = { operation: 'configure', region: '', endpoint: undefined, table: '' };
    const known = toAnamoError(error, place);
    if (known.code === 'AWS_NO_REGION') throw known;
    throw new AnamoError('AWS_NO_REGION', `the AWS region cannot be read: ${known.message}`, {
      hint: 'give -r us-east-1, or set AWS_REGION',
      cause: error,
    });
  }
}

/** The header counts whole seconds; small differences are its rounding and the way here, not a wrong clock. */
function watchDate(client: DynamoDBClient, onServerMs: (ms: number) => void): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const headers = (result.response as { headers?: Record<string, string> }).headers;
      const serverMs = Date.parse(headers?.['date'] ?? '');
      if (Math.abs(serverMs - Date.now()) > 2000) onServerMs(serverMs);
      else if (!Number.isNaN(serverMs)) onServerMs(Date.now());
      return result;
    },
    { step: 'deserialize', name: 'anamoServerDate', priority: 'low' },
  );
}
