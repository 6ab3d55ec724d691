import type { WorkerEvent } from '../domain/event.ts';
import type { Clock } from '../support/clock.ts';
import type { Doubtful } from './doubtful.ts';
import { mayPass } from './fatal.ts';
import type { Finder } from './finder.ts';
import type { Candidate, ClaimAnswer, Claimed, StorePort } from './ports.ts';

const TROUBLE_PAUSE_MS = 1000;

export interface ClaimParts {
  readonly store: Pick<StorePort, 'claim'>;
  readonly finder: Pick<Finder, 'jump'>;
  readonly doubtful: Pick<Doubtful, 'add'>;
  readonly newNonce: () => string;
  readonly clock: Clock;
  readonly emit: (event: WorkerEvent) => void;
}

/** One try to claim: the item, or undefined when another was faster or no answer came (then it is looked at again later). */
export async function tryClaim(parts: ClaimParts, candidate: Candidate): Promise<Claimed | undefined> {
  const nonce = parts.newNonce();
  const { step, itemId } = candidate;
  const answer = await parts.store.claim(candidate, nonce).catch(asUnknown);
  if (answer.kind === 'claimed') return answer.claim;
  const at = parts.clock.wall();
  if (answer.kind === 'conflict') {
    parts.emit({ type: 'claim-conflict', at, step, itemId });
    if (answer.late === true) parts.doubtful.add(candidate, nonce);
    parts.finder.jump();
    return undefined;
  }
  parts.emit({ type: 'claim-unknown', at, step, itemId, message: answer.message });
  parts.doubtful.add(candidate, nonce);
  await parts.clock.sleep(TROUBLE_PAUSE_MS);
  return undefined;
}

/** What runs in the other slots must not end because one claim failed; and it is safer to look again than to believe the error. */
function asUnknown(error: unknown): ClaimAnswer {
  if (mayPass(error)) return { kind: 'unknown', message: error.message };
  throw error;
}
