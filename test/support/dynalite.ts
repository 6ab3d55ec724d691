import { startDynamo } from '../../src/local/dynalite.ts';

/** An empty in-memory DynamoDB inside this process; any credentials will do. Close it in `afterAll`. */
export async function startTestDynamo(): Promise<{ endpointUrl: string; close(): Promise<void> }> {
  const dynamo = await startDynamo();
  return { endpointUrl: dynamo.endpointUrl, close: () => dynamo.close() };
}
