import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { createLiveView } from '../../src/cli/live/view.ts';
import type { LiveViewOptions } from '../../src/cli/live/view.ts';
import type { WorkerEvent } from '../../src/domain/event.ts';

const ESC = '\u001b';

/** As much of a terminal as the view uses: rows that scroll, a cursor that moves up, erasing, two modes. Unknown input throws. */
class Terminal extends EventEmitter {
  readonly isTTY: boolean;
  columns = 60;
  rows = 12;
  cursor = true;
  wrap = true;
  writes = 0;
  readonly #lines: string[] = [''];
  #row = 0;

  constructor(isTTY = true) {
    super();
    this.isTTY = isTTY;
  }

  get text(): string {
    return this.#lines.join('\n').trimEnd();
  }

  readonly write = (data: string | Uint8Array): boolean => {
    this.writes += 1;
    const tokens =
      String(data).match(new RegExp(`${ESC}\\[[?0-9]*[a-zA-Z]|[\\r\\n]|[^${ESC}\\r\\n]+|${ESC}`, 'g')) ?? [];
    for (const token of tokens) this.#take(token);
    return true;
  };

  /** Another size, as terminals do it that wrap anew what is there. */
  resize(columns: number, rows: number): void {
    const cut = new RegExp(`.{1,${columns}}`, 'gu');
    const wrapped = this.#lines.flatMap((line) => line.match(cut) ?? ['']);
    this.#lines.splice(0, Infinity, ...wrapped);
    this.#row = wrapped.length - 1;
    Object.assign(this, { columns, rows });
    this.emit('resize');
  }

  #take(token: string): void {
    const up = /^\[(\d+)A$/.exec(token.slice(1))?.[1];
    if (token === '\n') this.#row += 1;
    else if (token === '\r') return;
    else if (token === `${ESC}[?25l` || token === `${ESC}[?25h`) this.cursor = token.endsWith('h');
    else if (token === `${ESC}[?7l` || token === `${ESC}[?7h`) this.wrap = token.endsWith('h');
    else if (token === `${ESC}[2K`) this.#lines[this.#row] = '';
    else if (token === `${ESC}[J`) this.#lines.length = this.#row;
    // The cursor cannot leave the window: what has scrolled away stays.
    else if (up !== undefined) this.#row = Math.max(this.#lines.length - this.rows, this.#row - Number(up), 0);
    else if (token.startsWith(ESC)) throw new Error(`not known to this terminal: ${JSON.stringify(token)}`);
    else this.#lines[this.#row] = token;
    while (this.#lines.length <= this.#row) this.#lines.push('');
  }
}

function viewOn(terminal: Terminal, options: Partial<LiveViewOptions> = {}) {
  return createLiveView({ stream: terminal, now: () => Date.now(), ...options });
}

function claim(itemId: string): WorkerEvent {
  const counts = { fence: 1, nestedTotal: 0, nestedDone: 0 };
  return { at: Date.now(), type: 'item-claimed', step: 'align', itemId, taskId: 't', ...counts };
}

function fail(itemId: string): WorkerEvent {
  const end = { state: 'failed', cause: 'exit-code', outcome: { kind: 'exited', code: 2 }, durationMs: 1000 } as const;
  return { at: Date.now(), type: 'item-finished', step: 'align', itemId, ...end };
}

describe('on a terminal', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000_000 });
    vi.stubEnv('TERM', 'xterm-256color');
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  test('redraws in place, prints failures above, and leaves only them', () => {
    const terminal = new Terminal();
    const view = viewOn(terminal);
    view.onEvent(claim('Sample1'));
    view.onEvent(claim('Sample2'));
    vi.advanceTimersByTime(2100);
    const calm = ['anamo 0:02', 'align 0 done  0 failed  0/min  2 running'];
    expect(terminal.text.split('\n')).toEqual([
      ...calm,
      '  align Sample1          0:02',
      '  align Sample2          0:02',
    ]);
    expect(terminal).toMatchObject({ cursor: false, wrap: true });
    view.onEvent(fail('Sample1'));
    vi.advanceTimersByTime(100);
    expect(terminal.text.split('\n')).toEqual([
      '✗ align Sample1 exit-code: exited with 2  0:01',
      'anamo 0:02',
      'align 0 done  1 failed  6.0/min  1 running',
      '  align Sample2          0:02',
    ]);
    view.onEvent(fail('Sample2'));
    view.stop();
    expect(terminal.text.split('\n')).toEqual([
      '✗ align Sample1 exit-code: exited with 2  0:01',
      '✗ align Sample2 exit-code: exited with 2  0:01',
    ]);
    expect(terminal).toMatchObject({ cursor: true, wrap: true });
  });

  test('draws at most ten times a second under load, once a second when calm, never after the end', () => {
    const terminal = new Terminal();
    const view = viewOn(terminal);
    for (let n = 0; n < 2000; n += 1) {
      view.onEvent(claim(`S${n}`));
      view.onEvent(fail(`S${n}`));
      vi.advanceTimersByTime(1);
    }
    expect(terminal.writes).toBeLessThanOrEqual(20);
    expect(terminal.writes).toBeGreaterThanOrEqual(18);
    const before = terminal.writes;
    vi.advanceTimersByTime(10_000);
    expect(terminal.writes - before).toBeLessThanOrEqual(11);
    expect(terminal.writes - before).toBeGreaterThanOrEqual(9);
    view.stop();
    view.stop();
    const atEnd = terminal.writes;
    vi.advanceTimersByTime(10_000);
    expect(terminal.writes).toBe(atEnd);
    expect(vi.getTimerCount()).toBe(0);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  test('never draws more lines than the terminal has, also when that shrinks', () => {
    const terminal = new Terminal();
    const view = viewOn(terminal);
    for (let n = 0; n < 30; n += 1) view.onEvent(claim(`Sample${n}`));
    vi.advanceTimersByTime(100);
    expect(terminal.text.split('\n')).toHaveLength(9);
    expect(terminal.text).toContain('… and 24 more');
    terminal.rows = 5;
    terminal.emit('resize');
    vi.advanceTimersByTime(100);
    expect(terminal.text.split('\n').slice(-4)).toEqual([
      'anamo 0:00',
      'align 0 done  0 failed  0/min  30 running',
      '  align Sample0          0:00',
      '  … and 29 more',
    ]);
    view.stop();
  });

  test('leaves nothing of the last frame when the next one is shorter', () => {
    const terminal = new Terminal();
    const view = viewOn(terminal);
    view.onEvent(claim('Sample1'));
    view.onEvent(claim('Sample2'));
    vi.advanceTimersByTime(100);
    const counts = { done: 0, failed: 0, retried: 0, givenBack: 2, fenced: 0, nestedDone: 0, nestedFailed: 0 };
    const summary = { ...counts, reason: 'sigint' } as const;
    view.onEvent({ at: Date.now(), type: 'worker-stopped', workerId: 'w', summary });
    vi.advanceTimersByTime(100);
    expect(terminal.text.split('\n')).toEqual([
      'anamo 0:00  stopping: Ctrl-C',
      'align 0 done  0 failed  0/min  0 running',
    ]);
    view.stop();
    expect(terminal.text).toBe('');
  });

  test('finds its lines again when the terminal became narrower and wrapped them', () => {
    const terminal = new Terminal();
    terminal.write('printed before\n');
    const view = viewOn(terminal);
    for (let n = 0; n < 3; n += 1) view.onEvent(claim(`Sample${n}`));
    vi.advanceTimersByTime(100);
    terminal.resize(20, 24);
    vi.advanceTimersByTime(100);
    expect(terminal.text.split('\n')).toEqual([
      'printed before',
      'anamo 0:00',
      'ali… 0 done  0 fai…',
      ...[0, 1, 2].map((n) => expect.stringMatching(`^  ali… Sample${n} *$`)),
    ]);
    view.stop();
    expect(terminal.text).toBe('printed before');
  });

  test('asks the table for counts now and then, not while it asks, and lives with its failures', async () => {
    const totals = vi.fn<NonNullable<LiveViewOptions['totals']>>(async () => Promise.reject(new Error('throttled')));
    const terminal = new Terminal();
    const view = viewOn(terminal, { totals });
    await vi.advanceTimersByTimeAsync(14_000);
    expect(totals).toHaveBeenCalledTimes(1);
    const slow = Promise.withResolvers<{ steps: [] }>();
    totals.mockImplementation(async () => slow.promise);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(totals).toHaveBeenCalledTimes(2);
    slow.resolve({ steps: [] });
    // It took a minute, so it asks again nearly twenty minutes later.
    await vi.advanceTimersByTimeAsync(15 * 60_000);
    expect(totals).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(4.7 * 60_000);
    expect(totals).toHaveBeenCalledTimes(3);
    view.stop();
  });

  test('a terminal that hangs up does not end the worker', () => {
    const terminal = new Terminal();
    const view = viewOn(terminal);
    vi.advanceTimersByTime(100);
    terminal.emit('error', Object.assign(new Error('write EIO'), { code: 'EIO' }));
    const before = terminal.writes;
    view.onEvent(claim('Sample1'));
    vi.advanceTimersByTime(5000);
    view.stop();
    terminal.emit('error', new Error('late'));
    expect(terminal.writes).toBe(before);
  });

  test.each([
    ['no terminal', new Terminal(false), 'xterm'],
    ['a terminal that cannot move its cursor', new Terminal(), 'dumb'],
  ])('%s gets only the lines that stay', (_what, terminal, name) => {
    vi.stubEnv('TERM', name);
    const view = viewOn(terminal);
    view.onEvent(claim('Sample1'));
    vi.advanceTimersByTime(3000);
    expect(terminal.writes).toBe(0);
    view.onEvent(fail('Sample1'));
    view.stop();
    expect(terminal.text).toBe('✗ align Sample1 exit-code: exited with 2  0:01');
  });

  test('uses colours only where the terminal has them and NO_COLOR allows', () => {
    const terminal = Object.assign(new Terminal(), { hasColors: () => true });
    const view = viewOn(terminal);
    expect(() => vi.advanceTimersByTime(100)).toThrow(/not known to this terminal: "\\u001b\[1m"/);
    view.stop();
  });
});

test.each([
  ['an exception', 'throw new Error("boom")', 1],
  ['process.exit', 'process.exit(7)', 7],
  ['the plain end', 'view.stop()', 0],
])('gives the cursor back at %s', (_what, end, code) => {
  const program = `
    import { writeSync } from 'node:fs';
    import { createLiveView } from ${JSON.stringify(new URL('../../src/cli/live/view.ts', import.meta.url).href)};
    const stream = { isTTY: true, columns: 80, rows: 24, on() {}, off() {}, write: (text) => writeSync(1, text) };
    const view = createLiveView({ stream, now: Date.now });
    setTimeout(() => { ${end} }, 250);`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, TERM: 'xterm' },
  });
  expect(child.status).toBe(code);
  expect(child.stdout).toContain(`${ESC}[?25l`);
  expect(child.stdout.endsWith(`${ESC}[?7h${ESC}[?25h`)).toBe(true);
  expect(child.stdout.split(`${ESC}[?25h`)).toHaveLength(2);
});
