import { describe, expect, it } from 'vitest';
import { AnamoError, type ErrorCode } from '../../src/domain/errors.ts';
import type { WorkerEvent } from '../../src/domain/event.ts';
import { tryClaim, type ClaimParts } from '../../src/worker/claim.ts';

const candidate = { itemId: 'I1', step: 'align', stateOrder: '0999|00000000|I1|s' };

function claimFailing(code: ErrorCode): { parts: ClaimParts; events: WorkerEvent[]; doubted: string[] } {
  const doubted: string[] = [];
  const events: WorkerEvent[] = [];
  const parts: ClaimParts = {
    store: { claim: () => Promise.reject(new AnamoError(code, 'refused')) },
    finder: { jump: () => undefined },
    doubtful: { add: (_candidate, nonce) => void doubted.push(nonce) },
    newNonce: () => 'N',
    clock: { mono: () => 0, wall: () => 0, sleep: () => Promise.resolve() },
    emit: (event) => void events.push(event),
  };
  return { parts, events, doubted };
}

describe('a claim that fails', () => {
  it('is looked at again, and no end of the worker, when the trouble may pass', async () => {
    const { parts, events, doubted } = claimFailing('AWS_BAD_CREDENTIALS');
    expect(await tryClaim(parts, candidate)).toBeUndefined();
    expect(events).toMatchObject([{ type: 'claim-unknown', itemId: 'I1', message: 'refused' }]);
    expect(doubted).toEqual(['N']);
  });

  it('ends the worker when no waiting mends it', async () => {
    const { parts } = claimFailing('AWS_DENIED');
    await expect(tryClaim(parts, candidate)).rejects.toMatchObject({ code: 'AWS_DENIED' });
  });
});
