/** For messages: what a duration looks like. */
export const DURATION_FORMS = '90 (seconds), 90s, 15m, 1.5h or 1d';

const UNIT_MS = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const MAX_MS = 365 * UNIT_MS.d;

/** Reads a duration of 0 to 365 days, see DURATION_FORMS, into whole ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim());
  if (match === null) return undefined;
  const ms = Math.round(Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]);
  return ms <= MAX_MS ? ms : undefined;
}
