import path from 'node:path';
import { FAILING_ITEM, LOUD_ITEM, NESTED_ITEMS, SINGLE_ITEMS, demoSettings, writeDemo } from '../demo/files.ts';
import { runStep } from '../demo/step.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { outputTo } from '../output.ts';

/** What is said before a command line, and the command line. */
const STEPS: readonly { readonly says: readonly string[]; readonly args: readonly string[] }[] = [
  {
    says: [
      `1. A to-do list is a text file with a header. ${SINGLE_ITEMS} has six items in two steps; one will fail on purpose.`,
    ],
    args: ['import', '-i', SINGLE_ITEMS, '-d', '|'],
  },
  {
    says: [`2. In ${NESTED_ITEMS} each item holds nested tasks, here one per chromosome.`],
    args: ['import', '-i', NESTED_ITEMS, '-d', '|', '-n', ','],
  },
  {
    says: ['3. One worker, two items at once, four nested tasks of an item at once. It leaves when nothing is left.'],
    args: ['run', '-i', '2', '-n', '4'],
  },
  { says: ['4. How far is it?'], args: ['status'] },
  { says: ['5. One item failed. Why?'], args: ['show', FAILING_ITEM] },
];

export async function run({ options, io }: Invocation): Promise<number> {
  const named = typeof options['dir'] === 'string' ? options['dir'] : undefined;
  const folder = await writeDemo(named, io.cwd, await demoSettings());
  const shown = path.relative(io.cwd, folder) || '.';
  const output = outputTo(io.stdout, io.env);
  output.line(output.paint('bold', 'anamo demo: the whole main job on this machine, without AWS.'));
  output.line(
    `Everything is in ${shown}; its anamo.json says which table and where, so the commands need no -t and -r.`,
  );
  for (const { says, args } of STEPS) {
    output.line();
    for (const line of says) output.line(output.paint('bold', line));
    const code = await runStep(args, { folder, io });
    if (code !== EXIT.fine) return code;
  }
  output.line();
  output.line(output.paint('bold', 'What to type next:'));
  output.line(`  cd ${shown}`);
  output.line(`  anamo logs ${LOUD_ITEM} | tail -n 3   # this log was too big for the table`);
  output.line('  anamo show call_Sample1              # an item with nested tasks');
  output.line('  anamo items --state failed --json    # for scripts');
  output.line('  anamo import --help                  # your own list');
  return EXIT.fine;
}
