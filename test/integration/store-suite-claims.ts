import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { claimItem, readRaw, resolveClaim, type ClaimRequest } from '../../src/store/claims.ts';
import type { Db } from '../../src/store/db.ts';
import { endItem } from '../../src/store/endings.ts';
import { disturb, first, type Fault } from './store-suite-faults.ts';
import { claim, endingOf, indexKeys, NOW, put, spec, type Ground } from './store-suite-harness.ts';

export function claimSuite(ground: Ground): void {
  /** A table with the item `a`, and a claim for it that is not sent yet. */
  async function ready(workerId = 'W1'): Promise<{ db: Db; request: ClaimRequest }> {
    const db = await ground.db();
    await put(db, spec('a'));
    return { db, request: await requestFor(db, workerId) };
  }

  async function requestFor(db: Db, workerId: string): Promise<ClaimRequest> {
    const [entry] = await indexKeys(db, 'a');
    const stateOrder = entry?.stateOrder ?? '';
    return { itemId: 'a', step: 'align', stateOrder, workerId, nonce: randomUUID(), now: NOW };
  }

  describe('claim', () => {
    test('of 20 at once exactly one has the item, under a fence that is one higher', async () => {
      const { db, request } = await ready();
      const requests = Array.from({ length: 20 }, (_, i) => ({ ...request, workerId: `W${i}`, nonce: randomUUID() }));
      const answers = await Promise.all(requests.map((one) => claimItem(db, one)));
      expect(answers.filter((answer) => answer.kind === 'conflict')).toHaveLength(19);
      const winner = answers.findIndex((answer) => answer.kind === 'claimed');
      const record = await readRaw(db, 'a');
      expect(record).toMatchObject({ state: 'locked', fence: 1, workerId: `W${winner}` });
      expect(answers[winner]).toMatchObject({ claim: { item: { fence: 1, workerId: `W${winner}`, state: 'locked' } } });
      const keys = await indexKeys(db, 'a');
      expect(keys).toEqual([
        { stateKey: expect.stringMatching(/^align\|locked\|[01]$/), stateOrder: `W${winner}|a|s` },
      ]);
    });

    test.each<[string, Fault, number]>([
      ['whose answer is lost is found by its nonce', 'lost-answer', 2],
      ['that is lost before it arrives is sent again', 'lost-request', 2],
    ])('one %s: claimed once', async (_what, fault, transmissions) => {
      const { db, request } = await ready();
      const sent = disturb(db, first(1, 'UpdateItem', fault));
      await expect(claimItem(db, request)).resolves.toMatchObject({ kind: 'claimed', claim: { item: { fence: 1 } } });
      expect(sent.filter((one) => one.operation === 'UpdateItem')).toHaveLength(transmissions);
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ fence: 1, claimNonce: request.nonce });
    });

    test('one that is never answered is unknown, and resolved later', async () => {
      const { db, request } = await ready();
      disturb(db, ({ operation }) => (operation === 'UpdateItem' ? 'lost-answer' : undefined));
      await expect(claimItem(db, request, 1)).resolves.toMatchObject({ kind: 'unknown' });
      await expect(resolveClaim(db, request)).resolves.toMatchObject({
        kind: 'claimed',
        claim: { item: { fence: 1 } },
      });
      await expect(resolveClaim(db, { ...request, nonce: 'other' })).resolves.toEqual({ kind: 'conflict' });
    });

    test('is unknown, and no error, when the repeat after a lost answer is refused outright', async () => {
      const { db, request } = await ready();
      let tries = 0;
      disturb(db, ({ operation }) => {
        if (operation !== 'UpdateItem') return undefined;
        return (tries += 1) === 1 ? 'lost-answer' : 'killed';
      });
      await expect(claimItem(db, request)).resolves.toMatchObject({ kind: 'unknown' });
      await expect(resolveClaim(db, request)).resolves.toMatchObject({ kind: 'claimed' });
    });

    test('one that never arrived is unknown first, then a conflict, and the item stays claimable', async () => {
      const { db, request } = await ready();
      disturb(db, ({ operation }) => (operation === 'UpdateItem' ? 'lost-request' : undefined));
      await expect(claimItem(db, request)).resolves.toMatchObject({ kind: 'unknown' });
      await expect(resolveClaim(db, request)).resolves.toEqual({ kind: 'conflict' });
      disturb(db);
      await expect(claimItem(db, request)).resolves.toMatchObject({ kind: 'claimed', claim: { item: { fence: 1 } } });
    });

    test('is unknown, and no error, when the table goes away between the lost answer and the look', async () => {
      const { db, request } = await ready();
      const lost = first(1, 'UpdateItem', 'lost-answer');
      disturb(db, (sent) => (sent.operation === 'GetItem' ? 'lost-request' : lost(sent)));
      await expect(claimItem(db, request)).resolves.toMatchObject({ kind: 'unknown' });
      disturb(db);
      await expect(resolveClaim(db, request)).resolves.toMatchObject({ kind: 'claimed' });
    });

    test('of an item that somebody else has, or that is not there, is a conflict that writes nothing', async () => {
      const { db } = await ready();
      await claim(db, 'a', 'W1');
      const before = await readRaw(db, 'a');
      const late = {
        itemId: 'a',
        step: 'align',
        stateOrder: '0999|00000000|a|s',
        workerId: 'W2',
        nonce: 'n',
        now: NOW,
      };
      await expect(claimItem(db, late)).resolves.toEqual({ kind: 'conflict' });
      await expect(claimItem(db, { ...late, itemId: 'gone' })).resolves.toEqual({ kind: 'conflict' });
      await expect(readRaw(db, 'a')).resolves.toEqual(before);
      await expect(readRaw(db, 'gone')).resolves.toBeUndefined();
    });

    test('a lost request whose item went to somebody else meanwhile is a conflict', async () => {
      const { db, request } = await ready();
      const rival = await ground.db({ like: db });
      const rivalRequest = await requestFor(rival, 'W2');
      let tries = 0;
      disturb(db, ({ operation }) => {
        if (operation !== 'UpdateItem') return undefined;
        tries += 1;
        return tries === 1 ? 'lost-request' : undefined;
      });
      const [mine, theirs] = await Promise.all([claimItem(db, request), claimItem(rival, rivalRequest)]);
      expect([mine.kind, theirs.kind].toSorted()).toEqual(['claimed', 'conflict']);
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ fence: 1 });
    });

    test('the fence grows by one at every claim, and never goes back', async () => {
      const { db } = await ready();
      for (let fence = 1; fence <= 4; fence++) {
        const claimed = await claim(db, 'a', `W${fence}`);
        expect(claimed.item.fence).toBe(fence);
        await endItem(db, endingOf(claimed, { state: 'todo' }));
      }
      await expect(readRaw(db, 'a')).resolves.toMatchObject({ fence: 4, endedFence: 4, state: 'todo' });
    });

    test('keeps the class of progress of a nested item in its index entry', async () => {
      const db = await ground.db();
      await put(db, spec('n', { nestedArgs: ['x', 'y', 'z'] }));
      const claimed = await claim(db, 'n');
      await endItem(db, endingOf(claimed, { state: 'todo', settlement: { nested: { total: 3, done: 1, failed: 0 } } }));
      await claim(db, 'n', 'W2');
      await expect(indexKeys(db, 'n')).resolves.toMatchObject([{ stateOrder: 'W2|n|2' }]);
    });
  });
}
