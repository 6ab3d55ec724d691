import { describe } from 'vitest';
import { claimSuite } from './store-suite-claims.ts';
import { endingSuite } from './store-suite-endings.ts';
import { useGround, type StartServer } from './store-suite-harness.ts';
import { idSuite } from './store-suite-ids.ts';
import { importSuite } from './store-suite-imports.ts';
import { openSuite } from './store-suite-open.ts';
import { orderSuite } from './store-suite-order.ts';
import { statusSuite } from './store-suite-status.ts';

/** What the store and the library promise on every DynamoDB, embedded or Amazon's. */
export function storeSuite(name: string, start: StartServer): void {
  describe(`the store on ${name}`, () => {
    const ground = useGround(start);
    openSuite(ground);
    claimSuite(ground);
    endingSuite(ground);
    importSuite(ground);
    orderSuite(ground);
    statusSuite(ground);
    idSuite(ground);
  });
}
