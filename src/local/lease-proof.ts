import { createHmac, randomBytes } from 'node:crypto';

/*
 * What is said on a lease connection, line by line:
 *   client: 32 hexadecimal digits, a challenge
 *   server: the proof, at once       (so a stranger who got a dead server's port is found out)
 *   server: READY                    (the files are open; may take a while after a kill, see repair)
 * From then on nobody says anything; the lease lasts as long as the connection.
 */
export const READY = 'ready';
export const CHALLENGE_PATTERN = /^[0-9a-f]{32}$/;

export function newChallenge(): string {
  return randomBytes(16).toString('hex');
}

/** What only a process that knows the nonce of server.json can answer. */
export function proofOf(nonce: string, challenge: string): string {
  return createHmac('sha256', nonce).update(challenge).digest('hex');
}
