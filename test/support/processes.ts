import { readdirSync, readFileSync } from 'node:fs';

/** A process that is still there. */
export interface Survivor {
  readonly pid: number;
  readonly command: string;
}

/** Living descendants of `root`, and processes that have `token` in the environment they were started with. */
export function survivors(root: number, token: string): readonly Survivor[] {
  const parents = new Map<number, number>();
  for (const pid of pids()) {
    const parent = parentOf(pid);
    if (parent !== undefined) parents.set(pid, parent);
  }
  return [...parents.keys()]
    .filter((pid) => pid !== root && (descends(pid, root, parents) || read(pid, 'environ').includes(token)))
    .map((pid) => ({ pid, command: read(pid, 'cmdline').replaceAll('\0', ' ').trim() }));
}

/** Whether the process runs; a zombie, which only waits for its parent to take note, does not. */
export function isRunning(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

export function killAll(processes: readonly Survivor[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Gone meanwhile.
    }
  }
}

function pids(): readonly number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Parent of a living process; undefined for a zombie, whose parent has only to take note of its end. */
function parentOf(pid: number): number | undefined {
  const stat = read(pid, 'stat');
  // The command in parentheses may hold blanks and parentheses itself.
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return parent === undefined || state === 'Z' || state === 'X' ? undefined : Number(parent);
}

function descends(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at = parents.get(pid); at !== undefined && at !== 0; at = parents.get(at)) {
    if (at === root) return true;
  }
  return false;
}

/** Empty for a process that is gone or is not ours. */
function read(pid: number, file: 'stat' | 'environ' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
