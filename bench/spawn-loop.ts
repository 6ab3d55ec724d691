/** The least that Node can do: node spawn-loop.ts <ignore|pipe> <count> <parallel> <command …>; prints the time it took, ms. */
import { spawn } from 'node:child_process';

const [stdio, count, parallel, file = 'true', ...args] = process.argv.slice(2);
const output = stdio === 'pipe' ? 'pipe' : 'ignore';
let left = Number(count);

function runOne(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['ignore', output, output] });
    child.stdout?.resume();
    child.stderr?.resume();
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}`))));
  });
}

async function lane(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await runOne();
  }
}

const startedAt = performance.now();
await Promise.all(Array.from({ length: Number(parallel) }, lane));
process.stdout.write(String(performance.now() - startedAt));
