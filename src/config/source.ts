import type { ConfigKey } from './schema.ts';

/** Where a setting's value came from, so that every message can say what to change. */
export type Source =
  | { readonly kind: 'flag'; readonly name: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string; readonly key: string }
  | { readonly kind: 'default' };

/** Settings on their way into a Config: null is "not set", durations are in ms. */
export type Values = Partial<Record<ConfigKey, unknown>>;
export type Sources = Partial<Record<ConfigKey, Source>>;

export function describeSource(source: Source): string {
  switch (source.kind) {
    case 'flag':
      return `flag ${source.name}`;
    case 'env':
      return `environment ${source.name}`;
    case 'file':
      return `file ${source.path} key ${source.key}`;
    case 'default':
      return 'default';
    default:
      throw new TypeError(`unknown source: ${JSON.stringify(source satisfies never)}`);
  }
}

/** Smaller is stronger. Both environments have their own place: ANAMO_* beats PyAnamo's names. */
export function rankOf(source: Source): number {
  switch (source.kind) {
    case 'flag':
      return 0;
    case 'env':
      return source.name.startsWith('ANAMO_') ? 1 : 2;
    case 'file':
      return 3;
    case 'default':
      return 4;
    default:
      throw new TypeError(`unknown source: ${JSON.stringify(source satisfies never)}`);
  }
}
