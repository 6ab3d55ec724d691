import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

/** The contract suites on Amazon's own programs; scripts/conformance.ts fetches those first. */
export default defineConfig({
  test: {
    name: 'conformance',
    include: ['test/conformance/**/*.test.ts'],
    globalSetup: ['test/conformance/server.setup.ts'],
    setupFiles: ['test/support/leaks.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: reporters('conformance'),
  },
});
