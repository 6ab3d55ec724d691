import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CONFIG_KEYS, SETTINGS, envName, type Setting } from '../../config/schema.ts';
import { quoteWord } from '../../domain/quote-word.ts';
import type { Io } from '../io.ts';

export interface DemoPlace {
  /** Where the command lines run. */
  readonly folder: string;
  readonly io: Io;
}

/** Says a command line of anamo and runs it for real, with this program; resolves with its exit code. */
export async function runStep(args: readonly string[], { folder, io }: DemoPlace): Promise<number> {
  io.stdout.write(`\n$ anamo ${args.map((word) => quoteWord(word)).join(' ')}\n`);
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    cwd: folder,
    env: { ...withoutSettings(io.env), ANAMO_PROGRESS: 'live' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const onTerm = () => void child.kill('SIGTERM');
  process.on('SIGINT', stay);
  process.on('SIGTERM', onTerm);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 1;
  } finally {
    process.off('SIGINT', stay);
    process.off('SIGTERM', onTerm);
  }
}

/** Ctrl-C reaches the child by itself; the demo must only not end before its child has given its work back. */
function stay(): void {
  // Nothing: a listener is all it takes.
}

/** A demo must not touch the table that the user's environment names. */
function withoutSettings(env: Io['env']): Record<string, string | undefined> {
  const names = new Set(CONFIG_KEYS.flatMap((key) => [envName(key), ...((SETTINGS[key] as Setting).envs ?? [])]));
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}
