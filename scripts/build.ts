/** Compiles src/ into a fresh dist/ and makes the command executable. */
import { spawnSync } from 'node:child_process';
import { chmodSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const tsc = `${root}/node_modules/typescript/bin/tsc`;

// Fresh, because a module that was renamed would otherwise stay in the package.
rmSync(`${root}/dist`, { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
if (status !== 0) process.exit(1);
chmodSync(`${root}/dist/cli/main.js`, 0o755);
