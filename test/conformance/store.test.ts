import { describe, expect, test, vi } from 'vitest';
import { storeSuite } from '../integration/store-suite.ts';
import { useGround } from '../integration/store-suite-harness.ts';
import { sharedDynamoDbLocal } from './shared-server.ts';

storeSuite('DynamoDB Local', sharedDynamoDbLocal);

describe('credentials that cannot be', () => {
  const ground = useGround(sharedDynamoDbLocal);

  test('are AWS_BAD_CREDENTIALS', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'not/possible');
    const opening = ground.open(ground.newName(), { whenMissing: 'create' });
    await expect(opening).rejects.toMatchObject({ code: 'AWS_BAD_CREDENTIALS', exitCode: 2 });
  });
});
