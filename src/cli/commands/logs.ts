import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';
import { AnamoError } from '../../domain/errors.ts';
import { nestedName } from '../../domain/item.ts';
import type { LogRef } from '../../domain/log-ref.ts';
import type { ItemDetail } from '../../library/types.ts';
import { openLog } from '../../logs/read-log.ts';
import type { Invocation } from '../command-spec.ts';
import { EXIT } from '../exit-codes.ts';
import { toJson } from '../output.ts';
import { withTable } from '../use-table.ts';

const UNSAFE = /[^\P{Cc}\n\t]/gu;

export async function run(invocation: Invocation): Promise<number> {
  const { args, config, options, io } = invocation;
  const detail = await withTable(invocation, async (table) => table.show(args[0] ?? ''));
  const log = pickLog(detail, options['nested'] as string | undefined);
  if (config.json) {
    io.stdout.write(`${toJson(log, 2)}\n`);
    return EXIT.fine;
  }
  // Redirected output keeps every byte; a terminal must not be driven by what a command printed.
  const source = Readable.from(openLog(log), { objectMode: false });
  if (io.stdout.isTTY === true) await pipeline(source, forTerminal(), io.stdout, { end: false });
  else await pipeline(source, io.stdout, { end: false });
  return EXIT.fine;
}

/**
 * The log of the item's newest run, or of one nested task by number, name or argument.
 * @throws AnamoError USAGE when there is no such task, LOG_UNREADABLE when nothing ran yet
 */
export function pickLog({ item, nested }: ItemDetail, wanted: string | undefined): LogRef {
  if (wanted === undefined) {
    if (nested.length > 0) throw needsNested(item.itemId, nested.length);
    return there(item.lastRun?.log, item.itemId);
  }
  const task = nested.find(
    ({ index, arg }) => wanted === String(index) || wanted === nestedName(index) || wanted === arg,
  );
  if (task === undefined) {
    throw new AnamoError('USAGE', `item ${item.itemId} has no nested task ${JSON.stringify(wanted)}`, {
      hint: `anamo show ${item.itemId} lists its ${nested.length} nested tasks`,
    });
  }
  return there(task.log, `${item.itemId} ${nestedName(task.index)}`);
}

function needsNested(itemId: string, total: number): AnamoError {
  return new AnamoError('USAGE', `item ${itemId} has nested tasks, each with a log of its own`, {
    hint: `add --nested N, from 0 to ${total - 1}; anamo show ${itemId} lists them`,
  });
}

function there(log: LogRef | undefined, name: string): LogRef {
  if (log !== undefined) return log;
  throw new AnamoError('LOG_UNREADABLE', `${name} has not run yet, so there is no log`, {
    hint: 'anamo status says what is running; anamo run works the list off',
  });
}

function forTerminal(): Transform {
  const decoder = new StringDecoder('utf8');
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, plain(decoder.write(chunk)));
    },
    flush(done) {
      done(null, plain(decoder.end()));
    },
  });
}

/** A sequence cut by a chunk loses its escape character here, so what is left of it is only text. */
function plain(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, '');
}
