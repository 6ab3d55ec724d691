/** What one look found: what works, or what does not and how to mend it. */
export interface Check {
  readonly name: string;
  readonly level: 'ok' | 'warn' | 'fail';
  readonly says: string;
  readonly mend?: string;
}

export function ok(name: string, says: string): Check {
  return { name, level: 'ok', says };
}

export function warn(name: string, says: string, mend: string): Check {
  return { name, level: 'warn', says, mend };
}

export function fail(name: string, says: string, mend: string): Check {
  return { name, level: 'fail', says, mend };
}
