import type { TestProject } from 'vitest/node';
import { startDynamoDbLocal } from '../support/dynamodb-local.ts';

declare module 'vitest' {
  interface ProvidedContext {
    dynamoDbLocalUrl: string;
  }
}

/** One server for the whole run: its start takes longer than most suites. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startDynamoDbLocal();
  project.provide('dynamoDbLocalUrl', server.endpointUrl);
  return () => server.close();
}
