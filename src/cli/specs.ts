import type { CommandSpec } from './command-spec.ts';
import { IMPORT_FLAGS, RUN_FLAGS, STEP, TASK } from './flags.ts';

const ITEM_ARGUMENT = { name: '<item>', doc: 'itemID as in the import file' } as const;

/** Every command of anamo; `docs/reference/commands.md` is compared with it by a test. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'import',
    summary: 'put items on the to-do list; creates the table when missing',
    args: [{ name: '[command...]', doc: 'with --each: the command after --' }],
    flags: IMPORT_FLAGS,
    examples: [
      "anamo import -r us-east-1 -t Example_Table -i import-testing.txt -d '|'",
      "anamo import -r us-east-1 -t Example_Table -i import-nested-testing.txt -d '|' -n ','",
      'anamo import -t Example_Table --step align --each samples.txt -- bash align.sh {}',
      'make-list | anamo import -t Example_Table -i - --local',
    ],
    needs: ['table'],
    load: async () => import('./commands/import.ts'),
  },
  {
    name: 'run',
    summary: 'work the to-do list off, then leave',
    args: [],
    flags: RUN_FLAGS,
    examples: [
      'anamo run -t Example_Table -r us-east-1 -i 2 -n 4',
      'anamo run -t Example_Table -b file:./logs -w 2h --step align,call',
      'anamo run -t Example_Table --local',
    ],
    needs: ['table'],
    load: async () => import('./commands/run.ts'),
  },
  {
    name: 'status',
    summary: 'counts per step and state, progress of nested tasks',
    args: [],
    flags: [STEP],
    examples: ['anamo status -t Example_Table', 'anamo status -t Example_Table --step align --json'],
    needs: ['table'],
    load: async () => import('./commands/status.ts'),
  },
  {
    name: 'show',
    summary: 'one item in full: nested tasks, attempts, outcome, log',
    args: [ITEM_ARGUMENT],
    flags: [],
    examples: ['anamo show Seq_Tests -t Example_Table', 'anamo show Seq_Tests -t Example_Table --json'],
    needs: ['table'],
    load: async () => import('./commands/show.ts'),
  },
  {
    name: 'items',
    summary: 'list items by state, step, task',
    args: [],
    flags: [
      {
        flags: '--state <names>',
        doc: 'only these states, separated by commas: todo, waiting, locked, done, failed …',
      },
      STEP,
      ...TASK,
      { flags: '--limit <n>', doc: 'stop after so many items' },
    ],
    examples: ['anamo items -t Example_Table --state failed', 'anamo items -t Example_Table --sample Sample1 --json'],
    needs: ['table'],
    load: async () => import('./commands/items.ts'),
  },
  {
    name: 'logs',
    summary: 'print the log of an item from wherever it is',
    args: [ITEM_ARGUMENT],
    flags: [{ flags: '--nested <n>', doc: 'log of this nested task: its number or its argument' }],
    examples: ['anamo logs Seq_Test_1 -t Example_Table', 'anamo logs Seq_Tests --nested 0 -t Example_Table'],
    needs: ['table'],
    load: async () => import('./commands/logs.ts'),
  },
  {
    name: 'doctor',
    summary: 'what works, what does not, how to mend it',
    args: [],
    flags: RUN_FLAGS.filter((flag) => ['bucket', 'keyPrefix', 'spoolDir'].includes(flag.key ?? '')),
    examples: ['anamo doctor -t Example_Table -r us-east-1', 'anamo doctor --local --json'],
    needs: [],
    load: async () => import('./commands/doctor.ts'),
  },
  {
    name: 'local',
    summary: 'the embedded DynamoDB in the foreground, for other AWS tools',
    args: [],
    flags: [],
    examples: ['anamo local', 'anamo local --local ./my-data'],
    needs: [],
    load: async () => import('./commands/local.ts'),
  },
  {
    name: 'demo',
    summary: 'the whole main job on this machine, in one command, without AWS',
    args: [],
    flags: [{ flags: '--dir <dir>', doc: 'folder for its files (default: a new one below .anamo/demo)' }],
    examples: ['anamo demo'],
    needs: [],
    load: async () => import('./commands/demo.ts'),
  },
];
