import type { AnamoError } from '../domain/errors.ts';
import type { StopReason, WorkerEvent } from '../domain/event.ts';
import type { Clock } from '../support/clock.ts';
import { tryClaim } from './claim.ts';
import { createDoubtful } from './doubtful.ts';
import { mayPass } from './fatal.ts';
import { createFinder } from './finder.ts';
import { createIdleWatch } from './idle-watch.ts';
import type { Candidate, Claimed, StorePort } from './ports.ts';
import type { WorkerSettings } from './settings.ts';
import { createSlots } from './slots.ts';
import { createWaiting } from './waiting.ts';
import type { WallTime } from './wall-time.ts';

export interface ClaimLoop {
  /** Claims until it is stopped or may leave; then waits for the items that run. Throws what broke it. */
  run(): Promise<StopReason>;
  /** No further claim. */
  stop(reason: StopReason): void;
}

export interface ClaimLoopOptions {
  readonly store: StorePort;
  readonly settings: WorkerSettings;
  readonly wall: WallTime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newNonce: () => string;
  readonly emit: (event: WorkerEvent) => void;
  readonly runItem: (claimed: Claimed) => Promise<void>;
  /** Called once when the loop breaks: the items that run must come back. */
  readonly onCrash: () => void;
}

const STEPS_AGE_MS = 30_000;
const PROMOTE_EVERY_MS = 5000;
const PROMOTE_BUSY_EVERY_MS = 30_000;
const DOUBT_EVERY_MS = 5000;
const TROUBLE_PAUSE_MS = 1000;

interface LoopState {
  stopped: StopReason | undefined;
  crash: { readonly error: unknown } | undefined;
  /** Steps that may be claimed from. */
  steps: readonly string[];
  /** `wake` as it was read last. What bumped it may have been an import into a new step. */
  wake: number | undefined;
  stepsAreOld: boolean;
}

/** What the loop is made of, wired together. */
function assemble(options: ClaimLoopOptions, state: LoopState) {
  const { store, settings, clock, random, emit, wall } = options;
  const mono = (): number => clock.mono();
  const every = createEvery(clock, random);
  const finder = createFinder({ store, number: settings.number, random, mono });
  const doubtful = createDoubtful(store, clock);
  const waiting = createWaiting(store, clock, emit);
  const crashed = (error: unknown): void => {
    if (state.crash !== undefined) return;
    state.crash = { error };
    options.onCrash();
  };
  const slots = createSlots(settings.slots, crashed);
  const outOfTime = (): boolean => state.steps.length > 0 && !state.steps.some((step) => wall.fits(step));
  const idle = createIdleWatch({
    rules: settings,
    mono,
    random,
    readWake: async () => {
      const wake = await store.readWake();
      if (wake !== state.wake) state.stepsAreOld = true;
      state.wake = wake;
      return wake;
    },
    promote: async () => every('promote', PROMOTE_EVERY_MS) && (await waiting.promote(state.steps)),
    nextDueInMs: () => waiting.nextDueInMs(state.steps),
    quiet: () => slots.busy() === 0 && doubtful.count() === 0,
    over: () => state.stopped !== undefined || state.crash !== undefined || outOfTime(),
    pause: (withinMs) => slots.changed(withinMs),
  });
  return { every, finder, doubtful, waiting, slots, idle, crashed, outOfTime };
}

/** Tells whether something is due that shall happen about so often (a quarter more or less, so that a fleet spreads). */
function createEvery(clock: Clock, random: () => number): (what: string, ms: number) => boolean {
  const next = new Map<string, number>();
  return (what, ms) => {
    if (clock.mono() < (next.get(what) ?? 0)) return false;
    next.set(what, clock.mono() + ms * (0.75 + random() / 2));
    return true;
  };
}

/** Says that finding work failed; gives the pause until the next try, ms. */
function reportTrouble({ clock, random, emit }: ClaimLoopOptions, error: AnamoError): number {
  const retryInMs = Math.round(TROUBLE_PAUSE_MS * (0.5 + random()));
  emit({ type: 'store-trouble', at: clock.wall(), operation: 'find work', message: error.message, retryInMs });
  return retryInMs;
}

export function createClaimLoop(options: ClaimLoopOptions): ClaimLoop {
  const { store, settings, wall, clock, emit } = options;
  const state: LoopState = { stopped: undefined, crash: undefined, steps: [], wake: undefined, stepsAreOld: true };
  const { every, finder, doubtful, waiting, slots, idle, crashed, outOfTime } = assemble(options, state);

  async function runClaim(claimed: Claimed | undefined): Promise<void> {
    if (claimed === undefined) return;
    const startedAt = clock.mono();
    idle.sawWork();
    await options.runItem(claimed);
    wall.ended(claimed.item.step, clock.mono() - startedAt);
    idle.sweepSoon();
  }

  async function claimAndRun(candidate: Candidate): Promise<void> {
    await runClaim(await tryClaim({ ...options, finder, doubtful }, candidate));
  }

  async function refresh(): Promise<void> {
    if (every('steps', STEPS_AGE_MS) || state.stepsAreOld) {
      state.stepsAreOld = false;
      const existing = await store.activeSteps();
      state.steps = existing.filter((step) => settings.steps === undefined || settings.steps.includes(step));
    }
    finder.setSteps(state.steps.filter((step) => wall.fits(step)));
    // Also while there is other work: what is due may be urgent, and a list may last for weeks.
    if (every('promote-busy', PROMOTE_BUSY_EVERY_MS)) await waiting.promote(state.steps);
    if (doubtful.count() === 0 || !every('doubt', DOUBT_EVERY_MS)) return;
    for (const claimed of await doubtful.look()) slots.occupy(runClaim(claimed));
  }

  async function once(): Promise<void> {
    if (slots.free() <= 0) return await slots.changed();
    await refresh();
    if (outOfTime()) return void (state.stopped ??= 'wall-time');
    const candidates = await finder.take(slots.free());
    for (const candidate of candidates) if (state.stopped === undefined) slots.occupy(claimAndRun(candidate));
    if (candidates.length > 0) return;
    emit({ type: 'poll-empty', at: clock.wall() });
    if ((await idle.afterEmptySweep()) === 'leave') state.stopped ??= 'idle';
  }

  async function run(): Promise<StopReason> {
    while (state.stopped === undefined && state.crash === undefined) {
      try {
        await once();
      } catch (error) {
        if (mayPass(error)) await slots.changed(reportTrouble(options, error));
        else crashed(error);
      }
    }
    await slots.drained();
    for (const claimed of await doubtful.look()) await options.runItem(claimed);
    if (state.crash !== undefined) throw state.crash.error;
    return state.stopped ?? 'requested';
  }

  return {
    run,
    stop(reason) {
      state.stopped ??= reason;
      slots.notify();
    },
  };
}
