import path from 'node:path';
import type { Config } from '../config/config.ts';

export interface LogPlace {
  /** Absolute; the file sink is the one that exists in this release. */
  readonly folder: string;
  /** The bucket that was asked for, when there is no sink for it yet. */
  readonly unavailable?: string;
}

/** Where logs above the inline limit go: file:<dir>, else a folder beside the embedded table, else .anamo/logs. */
export function logPlace(config: Pick<Config, 'bucket' | 'keyPrefix' | 'local'>, cwd: string): LogPlace {
  const asked = config.bucket;
  const isFile = asked?.startsWith('file:') === true;
  const root = isFile
    ? asked.slice('file:'.length).replace(/^\/\/(?=\/)/, '')
    : path.join(config.local ?? '.anamo', 'logs');
  const folder = path.resolve(cwd, root, ...(config.keyPrefix === undefined ? [] : [relative(config.keyPrefix)]));
  return asked === undefined || isFile ? { folder } : { folder, unavailable: asked };
}

/** A prefix is below its root, as it would be in a bucket. */
function relative(prefix: string): string {
  return path.join('/', prefix).slice(1);
}
