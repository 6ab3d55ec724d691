import type { Clock } from '../support/clock.ts';
import type { Candidate, Claimed, StorePort } from './ports.ts';

/** A request that is still under way may take effect this long after it was sent. */
const SETTLED_AFTER_MS = 30_000;

/** Claims that never got a definite answer: read again by key until they are ours or can no longer become ours. */
export interface Doubtful {
  add(candidate: Candidate, nonce: string): void;
  /** Reads each once; gives those that turned out to be ours. */
  look(): Promise<Claimed[]>;
  readonly count: () => number;
}

export function createDoubtful(store: Pick<StorePort, 'resolveClaim'>, clock: Clock): Doubtful {
  const open = new Map<string, { candidate: Candidate; until: number }>();
  async function lookAt(nonce: string, claim: { candidate: Candidate; until: number }): Promise<Claimed | undefined> {
    const answer = await store.resolveClaim(claim.candidate, nonce).catch(() => ({ kind: 'unknown' as const }));
    if (answer.kind === 'claimed') {
      open.delete(nonce);
      return answer.claim;
    }
    if (answer.kind === 'conflict' && clock.mono() > claim.until) open.delete(nonce);
    return undefined;
  }
  return {
    add: (candidate, nonce) => void open.set(nonce, { candidate, until: clock.mono() + SETTLED_AFTER_MS }),
    async look() {
      const answers = await Promise.all([...open].map(([nonce, claim]) => lookAt(nonce, claim)));
      return answers.filter((claim) => claim !== undefined);
    },
    count: () => open.size,
  };
}
