import path from 'node:path';
import { localEnvironment, runLocalForeground } from '../../local/foreground.ts';
import { AnamoError } from '../../domain/errors.ts';
import type { LocalServer } from '../../local/connect.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { outputTo, toJson, type Output } from '../output.ts';

const DEFAULT_DIR = '.anamo';

export async function run({ config, io }: Invocation): Promise<number> {
  const folder = path.resolve(io.cwd, config.local ?? DEFAULT_DIR);
  const output = outputTo(io.stdout, io.env);
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const end = await runLocalForeground(folder, {
      signal: stop.signal,
      onReady(server) {
        if (config.json) output.line(toJson({ folder, environment: localEnvironment(server) }));
        else printReady(server, folder, output);
      },
    });
    if (end === 'stopped') return EXIT.fine;
    throw new AnamoError('LOCAL_UNAVAILABLE', `the embedded database in ${folder} ended`, {
      hint: `see ${path.join(folder, 'server.log')}, and start it again with anamo local`,
    });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** Comments, so that the whole text can be pasted into a shell. */
function printReady(server: LocalServer, folder: string, output: Output): void {
  output.line(`# The embedded DynamoDB of ${folder} runs until Ctrl-C.`);
  output.line(`# anamo itself finds it with --local ${folder}; other AWS tools with this environment:`);
  for (const [name, value] of Object.entries(localEnvironment(server))) output.line(`export ${name}='${value}'`);
}
