import type { ItemWork } from '../domain/work.ts';
import { removeLeft } from './abandoned.ts';
import type { NestedTaskWork } from './command.ts';
import { startRunner, type Runner, type RunnerCommand } from './runner.ts';

/** Runners without work end after this time: a new one is there in a tenth of a second, and each holds 80 MB. */
const IDLE_MS = 3000;

/** Starts the command of an item, or of one of its nested tasks. */
export type StartCommand = (nested?: NestedTaskWork) => RunnerCommand;

export interface ItemCommands {
  readonly start: StartCommand;
  /** Removes what is kept between commands; to be called when all have ended. */
  close(): Promise<void>;
}

/** The processes of one thread that run its commands. */
export interface Runners {
  /** `name` begins the names of all folders and files of the item. */
  open(work: ItemWork, name: string): ItemCommands;
}

/** At most `limit` processes; a further one is started when all that live are busy starting a command. */
export function createRunners(limit: number): Runners {
  let pool: Runner[] = [];
  let openItems = 0;
  let numbers = 0;
  let idle: NodeJS.Timeout | undefined;

  function pick(): Runner {
    pool = pool.filter((runner) => runner.alive());
    const best = pool.toSorted((a, b) => a.starting() - b.starting() || a.running() - b.running())[0];
    if (best !== undefined && (best.starting() === 0 || pool.length >= limit)) return best;
    const runner = startRunner();
    pool.push(runner);
    return runner;
  }

  function endAll(): void {
    for (const runner of pool) runner.end();
    pool = [];
  }

  function noteClosed(): void {
    openItems -= 1;
    // Does not hold the thread, which piscina keeps anyway.
    if (openItems === 0) idle = setTimeout(endAll, IDLE_MS).unref();
  }

  return {
    open(work, name) {
      clearTimeout(idle);
      openItems += 1;
      const item = (numbers += 1);
      /** With the beginning of the names of what each keeps. */
      const used = new Map<Runner, string>();
      return {
        start(nested) {
          const runner = pick();
          if (!used.has(runner)) {
            const own = `${name}-r${used.size}`;
            used.set(runner, own);
            runner.open(item, work, own);
          }
          return runner.start(item, nested);
        },
        async close() {
          await Promise.all(
            Array.from(used, async ([runner, own]) => {
              await runner.close(item);
              if (!runner.alive()) await removeLeft(work, own);
            }),
          );
          noteClosed();
        },
      };
    },
  };
}
