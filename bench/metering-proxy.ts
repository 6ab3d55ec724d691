import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** One request as the service charges it. */
export interface Charged {
  readonly operation: string;
  /** Whose record or records it is about: of an item, of nested tasks, or anything else (pages of the index too). */
  readonly about: 'item' | 'nested' | 'other';
  readonly writes: boolean;
  /** Capacity units, those of the indexes included. */
  readonly units: number;
}

export interface MeteringProxy {
  readonly endpointUrl: string;
  /** What was charged since the last call, in the order of the answers. */
  take(): readonly Charged[];
  close(): Promise<void>;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);
const READS = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan']);

/**
 * A proxy on loopback in front of a DynamoDB that does not check signatures. It asks for the units of every request, so
 * that the program is counted as it is, with all that its SDK repeats.
 */
export async function startMeteringProxy(target: string): Promise<MeteringProxy> {
  const { hostname, port } = new URL(target);
  const agent = new Agent({ keepAlive: true });
  let charged: Charged[] = [];

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const operation = String(incoming.headers['x-amz-target']).split('.').at(-1) ?? '';
    const body = await buffer(incoming);
    const counted = WRITES.has(operation) || READS.has(operation);
    const sent = counted ? withUnits(body) : body;
    const headers = { ...incoming.headers, 'content-length': String(sent.length) };
    const answer = await send({ hostname, port, method: incoming.method, path: incoming.url, headers, agent }, sent);
    const said = await buffer(answer);
    charged.push(chargeOf(operation, body.toString(), said.toString()));
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(said);
  }

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch((error: unknown) => outgoing.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = charged;
      charged = [];
      return taken;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      agent.destroy();
    },
  };
}

function withUnits(body: Buffer): Buffer {
  const input = JSON.parse(body.toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify({ ...input, ReturnConsumedCapacity: 'INDEXES' }));
}

function send(options: Parameters<typeof request>[1], body: Buffer): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ ...options }, resolve)
      .once('error', reject)
      .end(body);
  });
}

function chargeOf(operation: string, input: string, answer: string): Charged {
  const { ConsumedCapacity } = JSON.parse(answer) as { ConsumedCapacity?: unknown };
  const parts = [ConsumedCapacity].flat() as ({ CapacityUnits?: number } | undefined)[];
  const units = parts.reduce((sum, part) => sum + (part?.CapacityUnits ?? 0), 0);
  // Values as they are transmitted: {"pk":{"S":"item#…"}}.
  const about = input.includes('"S":"task#') ? 'nested' : input.includes('"S":"item#') ? 'item' : 'other';
  return { operation, about, writes: WRITES.has(operation), units };
}
