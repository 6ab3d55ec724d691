import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import type { RunSummary, StopReason, WorkerEvent } from '../../src/domain/event.ts';
import type { Cause, Outcome } from '../../src/domain/outcome.ts';
import { STOP_WORDS } from '../../src/cli/live/render.ts';
import { EVENT_MESSAGES } from '../../src/observability/logger.ts';

type FieldsOf<T extends WorkerEvent['type']> = Exclude<keyof Extract<WorkerEvent, { type: T }>, 'type' | 'at'>;
type PartsOf<K extends Outcome['kind']> = Exclude<keyof Extract<Outcome, { kind: K }>, 'kind'>;

// The compiler compares these with the types: a field too many or too few is an error here.
const FIELDS: { readonly [T in WorkerEvent['type']]: Record<FieldsOf<T>, true> } = {
  'worker-started': { workerId: true, table: true, slots: true, nests: true, steps: true },
  'worker-stopping': { workerId: true, reason: true },
  'worker-stopped': { workerId: true, summary: true },
  'item-claimed': { step: true, itemId: true, taskId: true, fence: true, nestedTotal: true, nestedDone: true },
  'claim-conflict': { step: true, itemId: true },
  'claim-unknown': { step: true, itemId: true, message: true },
  'poll-empty': {},
  'child-started': { step: true, itemId: true, pid: true, nested: true },
  'nested-finished': { step: true, itemId: true, nested: true, cause: true, outcome: true, durationMs: true },
  'item-finished': { step: true, itemId: true, state: true, cause: true, outcome: true, durationMs: true },
  'item-fenced': { step: true, itemId: true, fence: true },
  'item-promoted': { step: true, itemId: true },
  'store-trouble': { operation: true, message: true, retryInMs: true },
};
const OUTCOMES: { readonly [K in Outcome['kind']]: Record<PartsOf<K>, true> } = {
  exited: { code: true },
  signalled: { signal: true },
  'timed-out': { afterMs: true },
  'silent-too-long': { afterMs: true },
  'spawn-failed': { code: true, message: true },
  'out-of-memory': {},
  'disk-limit': {},
  cancelled: {},
  'lost-lease': {},
  interrupted: {},
  nested: { done: true, failed: true, unfinished: true },
};
const CAUSES: Record<Cause, true> = {
  ok: true,
  'exit-code': true,
  signal: true,
  timeout: true,
  'silent-timeout': true,
  'spawn-failed': true,
  'out-of-memory': true,
  'disk-limit': true,
  cancelled: true,
  'lost-lease': true,
  interrupted: true,
  'nested-failed': true,
};
const SUMMARY: Record<keyof RunSummary, true> = {
  done: true,
  failed: true,
  retried: true,
  givenBack: true,
  fenced: true,
  nestedDone: true,
  nestedFailed: true,
  reason: true,
};

const doc = readFileSync(new URL('../../docs/reference/events.md', import.meta.url), 'utf8');

/** Rows of a section's tables as cells, without the header. */
function rows(heading: string): string[][] {
  const section = doc.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function words(cell = ''): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), (match) => match[1] ?? '');
}

describe('docs/reference/events.md', () => {
  const events = rows('The events');
  const fields = new Map(rows('The fields').map(([name, meaning]) => [words(name)[0], meaning]));

  test('names every event once, in the order of the source', () => {
    expect(events.map(([name]) => words(name)[0])).toEqual(Object.keys(EVENT_MESSAGES));
  });

  test.each(events)('%s: its fields are those of the type', (name, _level, _when, list) => {
    const type = words(name)[0] as WorkerEvent['type'];
    expect(words(list)).toEqual(Object.keys(FIELDS[type]));
  });

  test('explains every field, and none that does not exist', () => {
    const known = new Set(Object.values(FIELDS).flatMap((names) => Object.keys(names)));
    expect(new Set(fields.keys())).toEqual(known);
  });

  test('lists every cause, every reason to stop, and the parts of a summary', () => {
    expect(words(fields.get('cause'))).toEqual(Object.keys(CAUSES));
    expect(words(fields.get('reason')).toSorted()).toEqual(
      Object.keys(STOP_WORDS satisfies Record<StopReason, string>).toSorted(),
    );
    expect(words(fields.get('summary'))).toEqual(Object.keys(SUMMARY));
  });

  test('lists every kind of outcome with its parts', () => {
    const outcomes = Object.fromEntries(rows('Outcomes').map(([kind, parts]) => [words(kind)[0], words(parts)]));
    const expected = Object.entries(OUTCOMES).map(([kind, parts]) => [kind, Object.keys(parts)]);
    expect(outcomes).toEqual(Object.fromEntries(expected));
  });
});
