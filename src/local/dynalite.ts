import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { loadDynalite } from './load-dynalite.ts';

/** A DynamoDB that listens on the loopback. */
export interface DynamoServer {
  endpointUrl: string;
  /** Ends every connection, waits for the writes under way and closes the files. */
  close(): Promise<void>;
}

/** Longer than the pause between two beats: a kept connection never closes under a request that is being sent. */
const KEEP_ALIVE_MS = 120_000;

/**
 * Starts dynalite on 127.0.0.1 with a free port; without `path` everything is in memory. With `accessKeyId`, requests that carry
 * another one are refused: every user of the machine reaches the port, and who writes into the table runs commands as its owner.
 */
export async function startDynamo(options: { path?: string; accessKeyId?: string } = {}): Promise<DynamoServer> {
  const { accessKeyId, ...storage } = options;
  const http = loadDynalite().createServer({ ...storage, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  http.keepAliveTimeout = KEEP_ALIVE_MS;
  if (accessKeyId !== undefined) admitOnly(http, accessKeyId);
  http.on('request', survivePeerReset);
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  return { endpointUrl: `http://127.0.0.1:${port}`, close: () => closeServer(http) };
}

function admitOnly(http: Server, accessKeyId: string): void {
  const listeners = http.listeners('request') as RequestListener[];
  http.removeAllListeners('request');
  http.on('request', (request, response) => {
    if (request.headers.authorization?.includes(`Credential=${accessKeyId}/`) !== true) return refuse(response);
    for (const listener of listeners) listener.call(http, request, response);
  });
}

function refuse(response: ServerResponse): void {
  const body = {
    __type: 'com.amazon.coral.service#UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  };
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', connection: 'close' });
  response.end(JSON.stringify(body));
}

/** dynalite throws when a client dies in the middle of sending a request: one killed worker would end the server for all. */
function survivePeerReset(request: IncomingMessage): void {
  request.removeAllListeners('error');
  request.on('error', () => undefined);
}

async function closeServer(http: Server): Promise<void> {
  const closed = promisify(http.close.bind(http))();
  http.closeAllConnections();
  await closed;
}
