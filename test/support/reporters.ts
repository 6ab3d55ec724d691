import { join } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';

type Reporters = NonNullable<NonNullable<ViteUserConfig['test']>['reporters']>;

/** Vitest's usual output, and with TEST_REPORT_DIR set also `<dir>/<name>.json`, from which .ci/run counts. */
export function reporters(name: string): Reporters {
  const dir = process.env['TEST_REPORT_DIR'];
  return dir === undefined ? ['default'] : ['default', ['json', { outputFile: join(dir, `${name}.json`) }]];
}
