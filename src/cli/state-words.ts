import type { ItemState } from '../domain/state.ts';
import type { Colour } from './output.ts';

/** What people read for a state: `locked` is "running". */
export function stateWord(state: ItemState): string {
  return state === 'locked' ? 'running' : state;
}

export function stateColour(state: ItemState): Colour {
  switch (state) {
    case 'done':
      return 'green';
    case 'failed':
      return 'red';
    case 'locked':
      return 'cyan';
    case 'todo':
    case 'waiting':
    case 'blocked':
    case 'held':
      return 'yellow';
    default:
      throw new TypeError(`unknown state: ${String(state satisfies never)}`);
  }
}
