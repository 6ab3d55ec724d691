import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { CHALLENGE_PATTERN, proofOf, READY } from './lease-proof.ts';

/** Counts the clients by their open connections: one that is killed is gone at once. */
export interface LeaseServer {
  port: number;
  /** Tells the clients, those of now and those to come, that the database may be used. */
  ready(): void;
  /** Refuses new clients; those that are there see the end of this process, when the files are closed. */
  close(): void;
}

const CHALLENGE_TIMEOUT_MS = 5_000;

/** `onCount` hears the number of clients whenever it changes. */
export async function startLeaseServer(nonce: string, onCount: (clients: number) => void): Promise<LeaseServer> {
  const clients = new Set<Socket>();
  let isReady = false;
  const server = createServer((socket) => {
    clients.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clients.delete(socket);
      onCount(clients.size);
    });
    socket.setTimeout(CHALLENGE_TIMEOUT_MS, () => socket.destroy());
    readChallenge(socket, (challenge) => {
      socket.setTimeout(0);
      socket.write(`${proofOf(nonce, challenge)}\n${isReady ? `${READY}\n` : ''}`);
      proven.add(socket);
    });
    onCount(clients.size);
  });
  const proven = new WeakSet<Socket>();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    ready() {
      isReady = true;
      for (const socket of clients) if (proven.has(socket)) socket.write(`${READY}\n`);
    },
    close: () => void server.close(),
  };
}

function readChallenge(socket: Socket, onChallenge: (challenge: string) => void): void {
  let received = '';
  socket.setEncoding('latin1');
  socket.on('data', function collect(chunk: string) {
    received += chunk;
    const end = received.indexOf('\n');
    if (end === -1 && received.length <= 64) return;
    socket.off('data', collect).resume();
    const challenge = received.slice(0, end);
    if (CHALLENGE_PATTERN.test(challenge)) onChallenge(challenge);
    else socket.destroy();
  });
}
