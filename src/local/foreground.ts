import { connectLocal } from './connect.ts';
import type { ConnectOptions, LocalServer } from './connect.ts';

/** The environment by which other AWS tools (AWS CLI, boto3, any SDK) use the embedded database. */
export function localEnvironment(server: LocalServer): Record<string, string> {
  return {
    AWS_ENDPOINT_URL_DYNAMODB: server.endpointUrl,
    AWS_ACCESS_KEY_ID: server.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.secretAccessKey,
    AWS_REGION: server.region,
    AWS_DEFAULT_REGION: server.region,
  };
}

/**
 * Keeps the embedded database of `dir` running until the signal aborts (`stopped`) or the server ends under it (`lost`).
 * Other commands on the same folder may come and go meanwhile.
 */
export async function runLocalForeground(
  dir: string,
  options: ConnectOptions & { signal: AbortSignal; onReady: (server: LocalServer) => void },
): Promise<'stopped' | 'lost'> {
  const { signal, onReady, ...connectOptions } = options;
  const connection = await connectLocal(dir, connectOptions);
  const aborted = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped');
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  connection.hold();
  onReady(connection);
  const reason = await Promise.race([aborted, connection.ended.then(() => 'lost' as const)]);
  await connection.release();
  return reason;
}
