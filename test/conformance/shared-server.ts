import { inject } from 'vitest';
import type { DynamoDbLocal } from '../support/dynamodb-local.ts';

/** The run's one DynamoDB Local, for suites that ask for a server of their own; closing it is the set-up's business. */
export async function sharedDynamoDbLocal(): Promise<DynamoDbLocal> {
  return { endpointUrl: inject('dynamoDbLocalUrl'), close: async () => undefined };
}
