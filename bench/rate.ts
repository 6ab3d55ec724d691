/** Processes of `true` per second: by anamo as single items and as nested tasks, and by others. */
import { OTHERS } from './others.ts';
import { openRig } from './rig.ts';
import { print, sized } from './row.ts';
import { runItems, runNested } from './work.ts';

const COUNT = sized(800);
const COMMAND = ['true'];

await using rig = openRig();
for (const parallel of [4, 16]) {
  const group = `processes of \`true\`, ${parallel} at once`;
  const load = { script: 'true', count: COUNT, parallel };
  const row = (what: string, ms: number): void => print({ group, what, value: (COUNT / ms) * 1000, unit: '/s' });

  row(`anamo, single items, -i ${parallel}`, await runItems(rig, { ...load, table: `items-${parallel}` }));
  row(`anamo, nested tasks, -n ${parallel}`, await runNested(rig, { ...load, table: `nested-${parallel}` }));
  for (const other of OTHERS) {
    const skipped = await other.missing();
    if (skipped === undefined) row(other.name, await other.run(COMMAND, COUNT, parallel));
    else print({ group, what: other.name, skipped });
  }
}
