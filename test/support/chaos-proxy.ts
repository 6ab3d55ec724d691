import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChaosProxy {
  readonly endpointUrl: string;
  /** How often (0 … 1) a request never arrives, and how often its answer is lost. Settable while it runs. */
  readonly drop: { request: number; answer: number };
  /** Requests that were hurt so far. */
  hurt(): number;
  close(): Promise<void>;
}

/** A proxy on loopback that loses requests before they arrive and answers after they took effect, by a seeded die. */
export async function startChaosProxy(target: string, seed: number): Promise<ChaosProxy> {
  const { hostname, port } = new URL(target);
  let state = seed;
  let hurt = 0;
  const die = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const drop = { request: 0, answer: 0 };

  function handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (die() < drop.request) {
      hurt++;
      incoming.socket.destroy();
      return;
    }
    const losesAnswer = die() < drop.answer;
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers }, (answer) => {
      if (losesAnswer) {
        hurt++;
        answer.resume();
        answer.on('end', () => incoming.socket.destroy());
        return;
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.pipe(onward);
  }

  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpointUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drop,
    hurt: () => hurt,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
