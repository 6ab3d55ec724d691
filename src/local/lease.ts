import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { newChallenge, proofOf, READY } from './lease-proof.ts';
import type { ServerFile } from './server-file.ts';

/** Keeps the server from ending as long as it is open. */
export interface Lease {
  /** Resolves when the connection is closed, by the release or because the server ended. */
  ended: Promise<void>;
  release(): Promise<void>;
  /** Lets this process stay alive for the lease (by default it does not). */
  hold(): void;
}

/** Generous: a server under load answers late, and one that is gone refuses at once. */
const PROOF_TIMEOUT_MS = 5_000;

/** Undefined when nobody is there, when it is not the writer of the file, or when it is just leaving: then look at the folder again. */
export async function openLease(file: ServerFile): Promise<Lease | undefined> {
  const socket = connect({ host: '127.0.0.1', port: file.leasePort });
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  const challenge = newChallenge();
  socket.write(`${challenge}\n`);
  socket.setTimeout(PROOF_TIMEOUT_MS, () => socket.destroy());
  const isReady = await readReady(socket, proofOf(file.nonce, challenge));
  if (!isReady) {
    socket.destroy();
    return undefined;
  }
  socket.unref();
  return {
    ended,
    async release() {
      if (!socket.closed) socket.ref().destroy();
      await ended;
    },
    hold: () => void socket.ref(),
  };
}

/** False when the connection ends before, or anything else is said. */
function readReady(socket: Socket, proof: string): Promise<boolean> {
  const expected = `${proof}\n${READY}\n`;
  let received = '';
  socket.setEncoding('latin1');
  return new Promise((resolve) => {
    socket.once('close', () => resolve(false));
    socket.on('data', (chunk: string) => {
      received += chunk;
      if (!expected.startsWith(received)) resolve(false);
      if (received.length > proof.length) socket.setTimeout(0);
      if (received === expected) resolve(true);
    });
  });
}
