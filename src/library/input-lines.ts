import { AnamoError } from '../domain/errors.ts';

/** Lines count from 1. No `text`: the problem says why the line cannot be read. */
export type InputLine =
  { readonly line: number; readonly text: string } | { readonly line: number; readonly problem: string };

export type Input = AsyncIterable<Uint8Array | string>;

/** Above this a line is a problem; nothing longer is ever held. */
export const MAX_LINE_BYTES = 1024 * 1024;

const NEWLINE = 10;
const TOO_LONG = `the line is longer than ${MAX_LINE_BYTES} bytes`;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The line that a chunk left unfinished. */
interface Rest {
  pieces: Uint8Array[];
  bytes: number;
  tooLong: boolean;
}

/** Reads UTF-8 line by line, a batch per chunk; lines of blanks are left out but counted. Holds one chunk and one line. */
export async function* readLines(input: Input): AsyncGenerator<InputLine[]> {
  const rest: Rest = { pieces: [], bytes: 0, tooLong: false };
  let line = 0;
  try {
    for await (const chunk of input) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      const batch: InputLine[] = [];
      let from = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
        keep(rest, bytes.subarray(from, end));
        line += 1;
        finish(rest, line, batch);
        from = end + 1;
      }
      keep(rest, bytes.subarray(from));
      if (batch.length > 0) yield batch;
    }
  } catch (error) {
    throw asInputError(error);
  }
  const last: InputLine[] = [];
  if (rest.bytes > 0 || rest.tooLong) finish(rest, line + 1, last);
  if (last.length > 0) yield last;
}

function keep(rest: Rest, piece: Uint8Array): void {
  if (rest.tooLong || piece.length === 0) return;
  if (rest.bytes + piece.length > MAX_LINE_BYTES) {
    rest.pieces = [];
    rest.tooLong = true;
    return;
  }
  rest.pieces.push(piece);
  rest.bytes += piece.length;
}

function finish(rest: Rest, line: number, batch: InputLine[]): void {
  const [first = new Uint8Array(), ...more] = rest.pieces;
  const bytes = more.length === 0 ? first : Buffer.concat([first, ...more]);
  const tooLong = rest.tooLong;
  rest.pieces = [];
  rest.bytes = 0;
  rest.tooLong = false;
  if (tooLong) {
    batch.push({ line, problem: TOO_LONG });
    return;
  }
  const text = decode(bytes, line);
  if (text === undefined) batch.push({ line, problem: 'the line is not UTF-8' });
  else if (text.trim() !== '') batch.push({ line, text });
}

function decode(bytes: Uint8Array, line: number): string | undefined {
  if (line === 1 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) {
    throw new AnamoError('INPUT_UNREADABLE', 'the input is UTF-16 text', { hint: 'save it as UTF-8' });
  }
  try {
    const text = UTF8.decode(bytes);
    return line === 1 && text.startsWith('\uFEFF') ? text.slice(1) : text;
  } catch {
    return undefined;
  }
}

function asInputError(error: unknown): unknown {
  // What the operating system refused; an abort or a bug of the source goes on as it is.
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  return new AnamoError('INPUT_UNREADABLE', `the input cannot be read: ${error.message}`, { cause: error });
}
