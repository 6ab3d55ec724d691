/**
 * Prints `N passed, N failed`, summed over vitest's JSON reports. Usage: count-tests.mjs <folder> [failed step…]. A failed
 * step without a failed test (types, lint, a crash, a leak) counts as one. Plain JavaScript: it must run when no newer
 * Node could be fetched, too.
 */
import { existsSync, readFileSync } from 'node:fs';

const [folder, ...failedSteps] = process.argv.slice(2);
let passed = 0;
let failed = 0;
for (const name of ['test', 'conformance']) {
  const path = `${folder}/${name}.json`;
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { numPassedTests: 0, numFailedTests: 0 };
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  if (failedSteps.includes(name) && report.numFailedTests === 0) failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
