import { globSync } from 'node:fs';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

interface Kind {
  readonly name: string;
  readonly include: readonly string[];
  /** Bound of one test, ms; hooks, which start servers, get the same. */
  readonly timeoutMs: number;
}

const KINDS: readonly Kind[] = [
  { name: 'unit', include: ['test/*.test.ts', 'test/unit/**/*.test.ts'], timeoutMs: 10_000 },
  { name: 'integration', include: ['test/integration/**/*.test.ts'], timeoutMs: 30_000 },
  { name: 'e2e', include: ['test/e2e/**/*.test.ts'], timeoutMs: 90_000 },
  { name: 'model', include: ['test/model/**/*.test.ts'], timeoutMs: 300_000 },
];

export default defineConfig({
  test: {
    reporters: reporters('test'),
    // A project without a test file would fail the run.
    projects: KINDS.filter((kind) => globSync([...kind.include]).length > 0).map(project),
  },
});

function project(kind: Kind): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: {
      name: kind.name,
      include: [...kind.include],
      // Processes, because signals, process groups and /proc are what half of the tests are about.
      pool: 'forks',
      setupFiles: ['test/support/leaks.ts'],
      testTimeout: kind.timeoutMs,
      hookTimeout: kind.timeoutMs,
    },
  };
}
