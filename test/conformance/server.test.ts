import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { sharedDynamoDbLocal } from './shared-server.ts';

test('DynamoDB Local answers', async () => {
  const { endpointUrl } = await sharedDynamoDbLocal();
  const client = new DynamoDBClient({
    endpoint: endpointUrl,
    region: 'eu-west-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  onTestFinished(() => client.destroy());
  await expect(client.send(new ListTablesCommand({}))).resolves.toMatchObject({ TableNames: expect.any(Array) });
});

test('it listens on the loopback only', async () => {
  const { endpointUrl } = await sharedDynamoDbLocal();
  const outside = Object.values(networkInterfaces())
    .flat()
    .filter((address) => address?.internal === false && address.family === 'IPv4');
  for (const address of outside) {
    await expect(connects(address?.address ?? '', Number(new URL(endpointUrl).port))).resolves.toBe(false);
  }
});

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
