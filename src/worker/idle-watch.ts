import { mayLeave, pollPauseMs, sawWake, startIdle, sweptEmpty, type IdleRules, type IdleState } from './idle.ts';

/** What an idle worker can do, and what it can ask. */
export interface IdleParts {
  readonly rules: IdleRules;
  readonly mono: () => number;
  readonly random: () => number;
  readonly readWake: () => Promise<number>;
  /** Due items were made claimable: sweep again. */
  readonly promote: () => Promise<boolean>;
  readonly nextDueInMs: () => Promise<number | undefined>;
  /** Nothing of the worker's own runs or is in doubt. */
  readonly quiet: () => boolean;
  /** The worker was stopped, or has no time left. */
  readonly over: () => boolean;
  readonly pause: (withinMs: number) => Promise<void>;
}

export interface IdleWatch {
  /** After a sweep that found nothing: waits until it is time for the next one, or for leaving. */
  afterEmptySweep(): Promise<'sweep' | 'leave'>;
  /** Something was claimed: the idle time starts anew at the next empty sweep. */
  sawWork(): void;
  /** An own item ended, perhaps back to the list: look soon. */
  sweepSoon(): void;
}

export function createIdleWatch(parts: IdleParts): IdleWatch {
  const { mono } = parts;
  let idle: IdleState | undefined;

  async function leaves(state: IdleState): Promise<boolean> {
    if (!parts.quiet() || !mayLeave(state, parts.rules, mono(), undefined)) return false;
    return mayLeave(state, parts.rules, mono(), await parts.nextDueInMs());
  }

  async function look(): Promise<void> {
    const wake = await parts.readWake();
    if (idle !== undefined) idle = sawWake(idle, wake, mono());
  }

  async function afterEmptySweep(): Promise<'sweep' | 'leave'> {
    idle = idle === undefined ? startIdle(mono(), await parts.readWake()) : sweptEmpty(idle, mono());
    while (idle !== undefined && mono() < idle.nextSweepAt && !parts.over()) {
      if (await parts.promote()) return 'sweep';
      if (await leaves(idle)) return 'leave';
      await parts.pause(pollPauseMs(idle, mono(), parts.random()));
      await look();
    }
    return 'sweep';
  }

  return {
    afterEmptySweep,
    sawWork: () => void (idle = undefined),
    sweepSoon() {
      if (idle !== undefined) idle = { ...idle, nextSweepAt: mono() };
    },
  };
}
