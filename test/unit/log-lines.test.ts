import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RESULT_BYTES } from '../../src/domain/limits.ts';
import { keepTail } from '../../src/logs/keep-tail.ts';
import { createResultLines } from '../../src/logs/result-lines.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function resultsOf(...chunks: (string | Uint8Array)[]): { results: string[]; truncated: boolean } {
  const lines = createResultLines();
  for (const chunk of chunks) lines.scan('stdout', typeof chunk === 'string' ? bytes(chunk) : chunk);
  return lines.end();
}

describe('createResultLines', () => {
  it.each([
    ['both marks', ['anamo:\treads 12\nPyAnamo:\tdepth 30\n'], ['reads 12', 'depth 30']],
    ['a mark cut by a chunk', ['ana', 'mo:', '\tx', 'y\nzz\n'], ['xy']],
    ['a newline alone in its chunk', ['no\n', 'anamo:\tyes', '\n', 'anamo:\tagain\n'], ['yes', 'again']],
    ['a last line without newline', ['anamo:\tlast'], ['last']],
    ['a line end of two characters', ['anamo:\tx\r\nanamo:\ty\r', '\n'], ['x', 'y']],
    ['an empty result', ['anamo:\t\nPyAnamo:\t'], ['', '']],
    ['a mark inside a result', ['anamo:\tanamo:\tx\n'], ['anamo:\tx']],
    ['a mark not at the beginning', [' anamo:\tx\nxPyAnamo:\ty\n'], []],
    ['what only looks like a mark', ['anamo: x\nanamo\tx\nPyanamo:\tx\nPanamo:\tx\nanam', '\no:\tx\naanamo:\tx\n'], []],
    ['bytes that are not UTF-8', [new Uint8Array([...bytes('anamo:\t'), 0x61, 0xff, 0x00, 0x0a])], ['a\ufffd\0']],
  ] as const)('reads %s', (_name, chunks, results) => {
    expect(resultsOf(...chunks)).toEqual({ results, truncated: false });
  });

  it('keeps a character whole that a chunk border cuts', () => {
    const line = bytes('anamo:\t😀é\n');
    for (let cut = 1; cut < line.length; cut += 1) {
      expect(resultsOf(line.slice(0, cut), line.slice(cut)).results).toEqual(['😀é']);
    }
  });

  it('reads the same wherever a chunk ends', () => {
    const text = bytes(
      'noise\nanamo:\tone\nan\nPyAnamo:\ttwo\r\n\nP\na long line of more than sixteen bytes\nPyAnamo:\tthree',
    );
    for (let first = 1; first < text.length; first += 1) {
      for (let second = first; second < text.length; second += 1) {
        const cut = resultsOf(text.slice(0, first), text.slice(first, second), text.slice(second));
        expect(cut).toEqual({ results: ['one', 'two', 'three'], truncated: false });
      }
    }
  });

  it('does not mix the lines of two streams that write at once', () => {
    const lines = createResultLines();
    lines.scan('stdout', bytes('anamo:\tfrom out'));
    lines.scan('stderr', bytes('warning\nPyAnamo:\tfrom err\n'));
    lines.scan('stdout', bytes('put\n'));
    expect(lines.end().results).toEqual(['from err', 'from output']);
  });

  it('keeps whole results up to the limit, and says that there were more', () => {
    const fits = 'x'.repeat(MAX_RESULT_BYTES - 1);
    expect(resultsOf(`anamo:\t${fits}\n`)).toEqual({ results: [fits], truncated: false });
    expect(resultsOf(`anamo:\t${fits}x\n`)).toEqual({ results: [], truncated: true });
    expect(resultsOf(`anamo:\ta\nanamo:\t${fits}\nanamo:\tb\n`)).toEqual({ results: ['a'], truncated: true });
  });

  it('counts the bytes that are kept, not those that came in', () => {
    const { results, truncated } = resultsOf(
      ...Array.from(
        { length: 30 },
        () => new Uint8Array([...bytes('anamo:\t'), ...Array<number>(40).fill(0xff), 0x0a]),
      ),
    );
    expect(truncated).toBe(true);
    expect(results).toHaveLength(16);
  });

  it('bounds results without any bytes too', () => {
    const { results, truncated } = resultsOf('anamo:\t\n'.repeat(5000));
    expect(results).toHaveLength(MAX_RESULT_BYTES);
    expect(truncated).toBe(true);
  });
});

describe('keepTail', () => {
  it('keeps exactly the last bytes, however they arrive', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.array(fc.uint8Array({ maxLength: 60 })), (limit, chunks) => {
        const tail = keepTail(limit);
        for (const chunk of chunks) tail.push(chunk);
        expect(tail.bytes()).toEqual(new Uint8Array(Buffer.concat(chunks)).slice(-limit));
      }),
    );
  });

  it('gives a copy that later bytes do not change', () => {
    const tail = keepTail(4);
    tail.push(bytes('abcd'));
    const kept = tail.bytes();
    tail.push(bytes('efghijkl'));
    expect(kept).toEqual(bytes('abcd'));
    expect(kept.buffer.byteLength).toBe(4);
  });
});
