import { fillWords } from '../domain/fill-words.ts';
import { nestedName } from '../domain/item.ts';
import { parseScript } from '../domain/shell-words.ts';
import { fillShellScript, shellArgumentProblem } from '../domain/shell-script.ts';
import type { ItemWork } from '../domain/work.ts';
import type { SpawnFailed } from './spawn-failure.ts';
import { spawnFailed } from './spawn-failure.ts';

export interface NestedTaskWork {
  readonly index: number;
  readonly arg: string;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export type Environment = Readonly<Record<string, string>>;

/** What is the same for all commands of an item is worked out once. */
export interface CommandMaker {
  /** The environment of one command: the worker's, the item's, and over both what anamo says. */
  environment(scratch: string, nested?: NestedTaskWork): Environment;
  /** The program and its arguments, or why the script cannot be run (`BAD_SCRIPT`). */
  command(env: Environment, nested?: NestedTaskWork): Command | SpawnFailed;
}

export function createCommandMaker(work: ItemWork, workerEnv: NodeJS.ProcessEnv): CommandMaker {
  const fixed = fixedEnvironment(work, workerEnv);
  const program = work.shell ? shellProgram(work) : wordProgram(work.script);
  return {
    environment(scratch, nested) {
      if (nested === undefined) return { ...fixed, TMPDIR: scratch };
      return { ...fixed, TMPDIR: scratch, ANAMO_NESTED_ID: nestedName(nested.index) };
    },
    command: program,
  };
}

function fixedEnvironment(work: ItemWork, workerEnv: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(workerEnv)) {
    if (value !== undefined) env[name] = value;
  }
  Object.assign(env, work.env, {
    ANAMO_TABLE: work.table,
    ANAMO_STEP: work.step,
    ANAMO_ITEM_ID: work.itemId,
    ANAMO_TASK_ID: work.taskId,
    ANAMO_ATTEMPT: String(work.attempt),
    ANAMO_FENCE: String(work.fence),
    ANAMO_WORKER_ID: work.workerId,
  });
  // A worker that is itself a nested task of another one must not hand its own on.
  delete env['ANAMO_NESTED_ID'];
  if (work.traceparent !== undefined) env['TRACEPARENT'] = work.traceparent;
  return env;
}

function shellProgram(work: ItemWork): CommandMaker['command'] {
  const { script } = work;
  const problem = work.nested === undefined ? undefined : shellArgumentProblem(script);
  return (_env, nested) => {
    if (problem !== undefined) return badScript(problem);
    const filled = nested === undefined ? script : fillShellScript(script, nested.arg);
    return { file: 'bash', args: ['-eo', 'pipefail', '-c', filled] };
  };
}

function wordProgram(script: string): CommandMaker['command'] {
  // Operators were refused or accepted at import.
  const parsed = parseScript(script, { operators: 'literal' });
  return (env, nested) => {
    if (!parsed.ok) return badScript(parsed.problem);
    const filled = fillWords(parsed.words, nested === undefined ? { env } : { env, nestedArg: nested.arg });
    if (!filled.ok) return badScript(filled.problem);
    const [file = '', ...args] = filled.argv;
    return { file, args };
  };
}

function badScript(problem: string): SpawnFailed {
  return spawnFailed('BAD_SCRIPT', `the script cannot be run: ${problem}`);
}
