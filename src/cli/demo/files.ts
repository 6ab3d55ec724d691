import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { AnamoError } from '../../domain/errors.ts';

export const SINGLE_ITEMS = 'import-single.txt';
export const NESTED_ITEMS = 'import-nested.txt';
/** The item that fails on purpose. */
export const FAILING_ITEM = 'qc_Sample3';
/** The item whose log is too big for the table. */
export const LOUD_ITEM = 'qc_Sample2';

const SINGLE = `itemID|TaskID|TaskScript|Step
align_Sample1|Sample1|bash work.sh align Sample1|align
align_Sample2|Sample2|bash work.sh align Sample2|align
align_Sample3|Sample3|bash work.sh align Sample3|align
qc_Sample1|Sample1|seq 1 5|qc
qc_Sample2|Sample2|bash work.sh report Sample2|qc
qc_Sample3|Sample3|bash work.sh check Sample3|qc
`;

const NESTED = `itemID|TaskID|TaskScript|TaskArgs|Step
call_Sample1|Sample1|bash work.sh call Sample1|chr1,chr2,chr3,chr4,chr5,chr6,chr7,chr8|call
call_Sample2|Sample2|bash work.sh call Sample2|chr1,chr2,chr3,chr4,chr5,chr6|call
`;

const WORK = `#!/usr/bin/env bash
# The work of the demo: work.sh <what> <sample> [chromosome]
set -euo pipefail
what=$1 sample=$2 chromosome=\${3:-}

reads() { seq 1 "$1" | sort -R --random-source=<(yes "$sample$chromosome"); }

case $what in
  align)
    for part in 1 2 3 4 5 6; do
      echo "$sample part $part: $(reads 60000 | sort -n | sha256sum | cut -c 1-16)"
      sleep 0.8
    done
    ;;
  call)
    echo "$sample $chromosome: $(reads 40000 | sort -n | wc -l) positions"
    sleep 2
    printf 'anamo:\\t%s %s called\\n' "$sample" "$chromosome"
    ;;
  report)
    for row in $(seq 1 500); do echo "$sample row $row: $(( row * 7919 % 1009 )) of 1009 bases covered"; done
    sleep 1
    ;;
  check)
    echo "$sample: counting reads without a quality"
    sleep 1
    echo "$sample: 3 of 60000 reads have no quality, this sample must be sequenced again" >&2
    exit 4
    ;;
esac
`;

/**
 * Makes the folder of a demo and writes its files. Without a name a new folder below .anamo/demo, or below the temporary
 * folder where that cannot be written.
 * @throws AnamoError USAGE for a named folder that is not empty
 */
export async function writeDemo(named: string | undefined, cwd: string, settings: string): Promise<string> {
  const folder = await (named === undefined ? newFolder(cwd) : emptyFolder(path.resolve(cwd, named), named));
  await writeFile(path.join(folder, SINGLE_ITEMS), SINGLE);
  await writeFile(path.join(folder, NESTED_ITEMS), NESTED);
  await writeFile(path.join(folder, 'work.sh'), WORK);
  await writeFile(path.join(folder, 'anamo.json'), settings);
  return folder;
}

/** The settings of the demo, from config/demo.json beside src and dist alike; its table lies in the folder of the demo. */
export async function demoSettings(): Promise<string> {
  const text = await readFile(new URL('../../../config/demo.json', import.meta.url), 'utf8');
  return text;
}

async function newFolder(cwd: string): Promise<string> {
  const parent = path.join(cwd, '.anamo', 'demo');
  try {
    await mkdir(parent, { recursive: true });
    return await mkdtemp(path.join(parent, 'run-'));
  } catch {
    return mkdtemp(path.join(os.tmpdir(), 'anamo-demo-'));
  }
}

async function emptyFolder(folder: string, named: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const found = await readdir(folder);
  if (found.length === 0) return folder;
  throw new AnamoError('USAGE', `the folder ${named} is not empty`, { hint: 'name a new folder with --dir' });
}
