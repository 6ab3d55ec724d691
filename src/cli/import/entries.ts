import { readDelimited, readEach, readJsonLines } from '../../library/import-source.ts';
import type { ImportEntry } from '../../library/types.ts';
import type { ImportRequest } from './request.ts';

type Chunks = AsyncIterable<Uint8Array | string>;

/** The entries of an input in the format that was asked for, or that it looks like. */
export async function* readEntries(chunks: Chunks, request: ImportRequest, table: string): AsyncGenerator<ImportEntry> {
  const { nestedDelimiter, shellDefault, step, idTemplate, template, delimiter } = request;
  const common = { shellDefault, nestedDelimiter, defaultStep: step ?? table };
  if (request.format === 'each') {
    yield* readEach(chunks, { template, shellDefault, idTemplate, step, defaultStep: table });
    return;
  }
  const { looksLikeJson, input } = await look(chunks);
  const isJson = request.format === 'by-look' ? looksLikeJson : request.format === 'jsonl';
  yield* isJson ? readJsonLines(input, common) : readDelimited(input, { ...common, delimiter });
}

/** Reads to the first character that is no blank, and gives back the whole input. No header begins with a brace. */
async function look(chunks: Chunks): Promise<{ looksLikeJson: boolean; input: Chunks }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: (Uint8Array | string)[] = [];
  let first = '';
  while (first === '') {
    const next = await iterator.next();
    if (next.done === true) break;
    seen.push(next.value);
    first = Buffer.from(next.value)
      .toString('latin1')
      .replace(/^\u00EF\u00BB\u00BF/, '')
      .trimStart()
      .slice(0, 1);
  }
  return { looksLikeJson: first === '{', input: chain(seen, iterator) };
}

/** Takes the first entry already, so that a wrong header or delimiter is known before a table is made. */
export async function peek(entries: AsyncIterable<ImportEntry>): Promise<AsyncIterable<ImportEntry>> {
  const iterator = entries[Symbol.asyncIterator]();
  const first = await iterator.next();
  return chain(first.done === true ? [] : [first.value], iterator);
}

async function* chain<T>(seen: readonly T[], rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield* seen;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
