import type { ImportProgress } from '../../library/types.ts';
import type { OutputStream } from '../io.ts';
import { truncate } from '../live/text.ts';
import { count } from '../output.ts';

/** One line on a terminal that is written over and over. */
export interface ProgressBar {
  update(progress: ImportProgress): void;
  /** Prints a line above the bar. */
  say(line: string): void;
  end(): void;
}

const FRAME_MS = 100;
const WIDTH = 24;
const CLEAR = '\r\u001B[K';

/** `total`: lines to come, undefined when unknown. On anything but a terminal only `say` shows. */
export function createProgressBar(stream: OutputStream, total: number | undefined, now: () => number): ProgressBar {
  const isTerminal = stream.isTTY === true;
  let drawnAt = Number.NEGATIVE_INFINITY;
  let shown = '';
  function draw(text: string): void {
    shown = text;
    stream.write(CLEAR + text);
  }
  return {
    update(progress) {
      if (!isTerminal || now() - drawnAt < FRAME_MS) return;
      drawnAt = now();
      draw(truncate(barText(progress, total), (stream.columns ?? 80) - 1));
    },
    say(line) {
      stream.write(shown === '' ? `${line}\n` : `${CLEAR}${line}\n${shown}`);
    },
    end() {
      if (shown !== '') stream.write(CLEAR);
      shown = '';
    },
  };
}

function barText({ lines, imported, skipped, bad }: ImportProgress, total: number | undefined): string {
  const numbers = `${count(lines)}${total === undefined ? '' : ` of ${count(total)}`} lines, ${count(imported)} imported, ${count(skipped)} skipped, ${count(bad)} bad`;
  if (total === undefined || total === 0) return numbers;
  const filled = Math.min(WIDTH, Math.round((lines / total) * WIDTH));
  return `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${numbers}`;
}
