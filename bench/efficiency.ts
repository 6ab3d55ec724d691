/** How much of 16 places is used by tasks of 100 ms: their time one after the other / 16 ÷ the time it took. */
import { OTHERS } from './others.ts';
import { openRig } from './rig.ts';
import { print, sized } from './row.ts';
import { runItems, runNested } from './work.ts';

const PARALLEL = 16;
const COUNT = sized(480);
const SECONDS = '0.1';

await using rig = openRig();
const group = `tasks of 100 ms, ${PARALLEL} at once`;
const load = { script: `sleep ${SECONDS}`, count: COUNT, parallel: PARALLEL };

function row(what: string, ms: number): void {
  const ideal = (COUNT * Number(SECONDS) * 1000) / PARALLEL;
  print({ group, what, value: (ideal / ms) * 100, unit: '%' });
}

row(`anamo, single items, -i ${PARALLEL}`, await runItems(rig, { ...load, table: 'items' }));
const nested = { ...load, script: 'sleep', table: 'nested' };
row(`anamo, nested tasks, -n ${PARALLEL}`, await runNested(rig, nested, SECONDS));
for (const other of OTHERS) {
  const skipped = await other.missing();
  if (skipped === undefined) row(other.name, await other.run(['sleep', SECONDS], COUNT, PARALLEL));
  else print({ group, what: other.name, skipped });
}
