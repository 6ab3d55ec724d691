import { readdirSync, readFileSync } from 'node:fs';

/** One live process as /proc/<pid>/stat tells it. */
export interface ProcessStat {
  readonly pid: number;
  readonly group: number;
  readonly session: number;
  readonly zombie: boolean;
  /** Own time and that of children it has waited for, in clock ticks (100 a second on every Linux that Node runs on). */
  readonly cpuTicks: number;
}

/** All processes of this machine or container; empty where there is no /proc. */
export function listProcesses(): readonly ProcessStat[] {
  return procFolders()
    .map((name) => readStat(name))
    .filter((stat) => stat !== undefined);
}

/** Live processes of the session that a detached child leads; zombies are left out, they need no signal. */
export function sessionMembers(session: number): readonly ProcessStat[] {
  return listProcesses().filter((stat) => stat.session === session && !stat.zombie);
}

/** Sends a signal to a process group; false when it is gone already. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: it exists, but all its members changed their user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * Sends a signal to everything that the detached child `pid` started: its own group, and the groups that members of its session
 * made since (`timeout` of coreutils and `set -m` of bash do that, and would go on unharmed).
 */
export function signalSession(pid: number, signal: NodeJS.Signals): void {
  const groups = new Set(sessionMembers(pid).map((member) => member.group));
  groups.add(pid);
  for (const group of groups) signalGroup(group, signal);
}

/** Whether anything of the detached child `pid` still runs, after the child itself was reaped. Reads all of /proc. */
export function isSessionAlive(pid: number): boolean {
  // Where nobody reaps orphans (a container without init) zombies keep the group for ever, so its existence says little.
  return process.platform === 'linux' ? sessionMembers(pid).length > 0 : signalGroup(pid, 0);
}

function procFolders(): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function readStat(name: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${name}/stat`, 'latin1');
    // The second field is the program's name in parentheses, and may itself hold blanks and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return {
      pid: Number(name),
      group: Number(fields[2]),
      session: Number(fields[3]),
      zombie: fields[0] === 'Z' || fields[0] === 'X',
      cpuTicks: ticks,
    };
  } catch {
    return undefined; // ended between the listing and the read
  }
}
