import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WorkerEvent } from '../../src/domain/event.ts';
import type { Clock } from '../../src/support/clock.ts';
import { createSignal } from '../../src/support/signal.ts';
import { mayLeave, pollPauseMs, sawWake, startIdle, sweptEmpty } from '../../src/worker/idle.ts';
import { stopPhases } from '../../src/worker/stop-phases.ts';
import { GaveUp, untilAnswered } from '../../src/worker/until-answered.ts';
import { createWallTime } from '../../src/worker/wall-time.ts';

/** A clock whose sleeps pass at once and are written down. */
function manualClock(): Clock & { now: number; slept: number[] } {
  const clock = {
    now: 0,
    slept: [] as number[],
    mono: () => clock.now,
    wall: () => clock.now,
    sleep: (ms: number) => {
      clock.now += ms;
      clock.slept.push(ms);
      return Promise.resolve();
    },
  };
  return clock;
}

describe('idle', () => {
  it('sweeps soon after work was seen, then ever more rarely, at most every 5 minutes', () => {
    let idle = startIdle(0, 7);
    const pauses: number[] = [];
    for (let i = 0; i < 12; i++) {
      const now = idle.nextSweepAt;
      idle = sweptEmpty(idle, now);
      pauses.push(idle.nextSweepAt - now);
    }
    expect(pauses.slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
    expect(pauses.at(-1)).toBe(300_000);
  });

  it('sweeps at once when wake was bumped, and keeps counting the idle time', () => {
    const idle = sweptEmpty(startIdle(1000, 7), 50_000);
    expect(sawWake(idle, 7, 60_000)).toBe(idle);
    expect(sawWake(idle, 8, 60_000)).toMatchObject({ nextSweepAt: 60_000, wake: 8, since: 1000, sweepPauseMs: 500 });
  });

  it('never polls later than the next sweep is due, nor in a busy loop', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e7 }),
        fc.integer({ min: 0, max: 12 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (now, sweeps, random) => {
          let idle = startIdle(0, 1);
          for (let i = 0; i < sweeps; i++) idle = sweptEmpty(idle, Math.min(now, idle.nextSweepAt));
          const pause = pollPauseMs(idle, now, random);
          expect(pause).toBeGreaterThanOrEqual(50);
          expect(pause).toBeLessThanOrEqual(Math.max(50, Math.min(7500, idle.nextSweepAt - now)));
        },
      ),
    );
  });

  const rules = { idleExitMs: 30_000, lingerMs: 600_000 };
  it.each([
    ['not idle long enough', rules, 29_999, undefined, false],
    ['idle, nothing waits', rules, 30_000, undefined, true],
    ['idle, something falls due soon', rules, 30_000, 600_000, false],
    ['idle, something is overdue', rules, 30_000, -5, false],
    ['idle, something falls due much later', rules, 30_000, 600_001, true],
    ['a daemon stays', { ...rules, idleExitMs: undefined }, 1e9, undefined, false],
  ])('leaves or stays: %s', (_name, given, now, dueIn, leaves) => {
    expect(mayLeave(startIdle(0, 1), given, now, dueIn)).toBe(leaves);
  });
});

describe('stopPhases', () => {
  it('gives TERM, KILL and the end in this order within the time, with room for writing after KILL', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('sigint', 'sigterm', 'wall-time', 'requested'),
        fc.integer({ min: 1000, max: 600_000 }),
        (reason, within) => {
          const { termAfterMs, killAfterMs, giveUpAfterMs } = stopPhases(reason, within);
          expect(termAfterMs).toBeLessThan(killAfterMs);
          expect(killAfterMs).toBeLessThan(giveUpAfterMs);
          expect(giveUpAfterMs).toBeLessThan(within);
          expect(within - killAfterMs).toBeGreaterThanOrEqual(Math.min(8000, within * 0.4) - 1e-6);
        },
      ),
    );
  });

  it('ends children at once on Ctrl-C, and lets them a fifth of the time otherwise', () => {
    expect(stopPhases('sigint', 5000)).toEqual({ termAfterMs: 0, killAfterMs: 3000, giveUpAfterMs: 4750 });
    expect(stopPhases('sigterm', 30_000)).toEqual({ termAfterMs: 6000, killAfterMs: 22_000, giveUpAfterMs: 28_500 });
  });
});

describe('untilAnswered', () => {
  function patience() {
    const events: WorkerEvent[] = [];
    const giveUp = new AbortController();
    const clock = manualClock();
    return {
      events,
      giveUp,
      clock,
      given: { clock, giveUp: giveUp.signal, emit: (e: WorkerEvent) => void events.push(e) },
    };
  }

  it('repeats through exceptions and unknown answers, with growing pauses, until there is an answer', async () => {
    const { clock, events, given } = patience();
    let tries = 0;
    const answer = await untilAnswered('end item', given, () => {
      tries++;
      if (tries < 4) return Promise.reject(new Error('away'));
      return Promise.resolve(tries < 9 ? { unknown: 'timed out' } : 'committed');
    });
    expect(answer).toBe('committed');
    expect(clock.slept).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    expect(events.map((e) => (e.type === 'store-trouble' ? e.message : ''))).toEqual([
      'away',
      'away',
      'away',
      'timed out',
      'timed out',
      'timed out',
      'timed out',
      'timed out',
    ]);
  });

  it('ends with GaveUp once it is told to, but never before one try', async () => {
    const { giveUp, given } = patience();
    giveUp.abort();
    let tries = 0;
    await expect(
      untilAnswered('end item', given, () => ((tries += 1), Promise.reject(new Error('away')))),
    ).rejects.toBeInstanceOf(GaveUp);
    expect(tries).toBe(1);
    await expect(untilAnswered('end item', given, () => Promise.resolve('committed'))).resolves.toBe('committed');
  });
});

describe('wall time', () => {
  it('starts nothing whose step is expected to take longer than what is left', () => {
    const clock = manualClock();
    const wall = createWallTime(clock, 100_000);
    expect(wall.fits('align')).toBe(true);
    wall.ended('align', 60_000);
    expect(wall.fits('align')).toBe(true);
    clock.now = 50_000;
    expect(wall.fits('align')).toBe(false);
    expect(wall.fits('call')).toBe(true);
    for (let i = 0; i < 20; i++) wall.ended('align', 1000);
    expect(wall.fits('align')).toBe(true);
    clock.now = 100_001;
    expect(wall.fits('call')).toBe(false);
  });

  it('always fits without a wall', () => {
    const wall = createWallTime(manualClock(), undefined);
    wall.ended('align', 1e9);
    expect(wall.fits('align')).toBe(true);
  });
});

describe('signal', () => {
  it('remembers a notify that nobody waited for, once', async () => {
    const signal = createSignal();
    signal.notify();
    signal.notify();
    await signal.wait();
    let woken = false;
    const waiting = signal.wait().then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    signal.notify();
    await waiting;
  });

  it('stops waiting after its time', async () => {
    const signal = createSignal();
    await expect(signal.wait(1)).resolves.toBeUndefined();
  });
});
