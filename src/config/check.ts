import type { ConfigKey } from './schema.ts';
import { describeSource, rankOf, type Sources, type Values } from './source.ts';

const AWS_REGION_NAME = /^[a-z]{2,}(-[a-z]+)+-\d{1,2}$/;

/**
 * `local` and `endpointUrl` answer the same question, so the stronger source decides and the weaker value is dropped.
 * Changes `values`.
 */
export function settleEndpoint(values: Values, sources: Sources): void {
  if (!isSet(values.local) || !isSet(values.endpointUrl)) return;
  const order = rank('local', sources) - rank('endpointUrl', sources);
  if (order < 0) values.endpointUrl = null;
  if (order > 0) values.local = null;
}

/** What is wrong between settings that are each right; both are named, with where their values came from. */
export function crossProblems(values: Values, sources: Sources): string[] {
  const problems: string[] = [];
  const name = (key: ConfigKey) => describe(key, values, sources);
  if (isSet(values.local) && isSet(values.endpointUrl)) {
    problems.push(`${name('local')} and ${name('endpointUrl')} exclude each other: give one of them`);
  }
  if (isLess(values.stopTimeout, values.grace)) {
    problems.push(`${name('grace')} must not be longer than ${name('stopTimeout')}: nothing would be killed in time`);
  }
  if (isLess(values.timeout, values.silentTimeout)) {
    problems.push(`${name('silentTimeout')} must not be longer than ${name('timeout')}: it would never count`);
  }
  if (values.json === true && values.progress === 'live') {
    problems.push(`${name('json')} and ${name('progress')} exclude each other: a live view is no JSON`);
  }
  if (isSet(values.region) && !isSet(values.local) && !isSet(values.endpointUrl) && !isAwsRegion(values.region)) {
    problems.push(`${name('region')} is no AWS region like us-east-1, and neither local nor endpointUrl is given`);
  }
  return problems;
}

function isAwsRegion(region: unknown): boolean {
  return typeof region === 'string' && AWS_REGION_NAME.test(region);
}

function isSet(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function isLess(a: unknown, b: unknown): boolean {
  return typeof a === 'number' && typeof b === 'number' && a < b;
}

function rank(key: ConfigKey, sources: Sources): number {
  return rankOf(sources[key] ?? { kind: 'default' });
}

/** Durations are ms here; people wrote seconds. */
function describe(key: ConfigKey, values: Values, sources: Sources): string {
  const value = values[key];
  const shown = typeof value === 'number' ? `${value / 1000} s` : String(value);
  return `${key} (${shown}, ${describeSource(sources[key] ?? { kind: 'default' })})`;
}
