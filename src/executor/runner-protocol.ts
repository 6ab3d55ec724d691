import type { RunReport } from '../domain/log-ref.ts';
import type { ItemWork } from '../domain/work.ts';
import type { NestedTaskWork } from './command.ts';
import type { StopCause } from './termination.ts';

/** From the thread that supervises items to a process that runs their commands. Numbers name items and commands on this line. */
export type ToRunner =
  | {
      readonly type: 'open';
      readonly item: number;
      readonly work: ItemWork;
      readonly name: string;
      /** The worker's environment at the start of the item. */
      readonly env: NodeJS.ProcessEnv;
    }
  | { readonly type: 'start'; readonly item: number; readonly command: number; readonly nested?: NestedTaskWork }
  | { readonly type: 'stop'; readonly command: number; readonly cause: StopCause; readonly graceMs: number }
  /** All commands of the item have ended. */
  | { readonly type: 'close'; readonly item: number };

/** The way back. `started` comes first of a command's messages, without a pid when it could not be started; `ended` comes last. */
export type FromRunner =
  | { readonly type: 'started'; readonly command: number; readonly pid?: number }
  | { readonly type: 'ended'; readonly command: number; readonly report: RunReport }
  | { readonly type: 'closed'; readonly item: number };
