import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../src/cli/exit-codes.ts';
import { logPlace } from '../../src/cli/log-place.ts';
import { stopOnSignals } from '../../src/cli/stop-on-signals.ts';
import { workerOptions } from '../../src/cli/commands/run.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { RunSummary } from '../../src/domain/event.ts';

const FINE: RunSummary = {
  done: 1,
  failed: 0,
  retried: 0,
  givenBack: 0,
  fenced: 0,
  nestedDone: 0,
  nestedFailed: 0,
  reason: 'idle',
};

test.each<[string, Partial<RunSummary>, boolean, number]>([
  ['all done', {}, true, 0],
  ['failed', { failed: 2 }, false, 0],
  ['failed, strict', { failed: 2 }, true, 3],
  ['given back', { givenBack: 1, reason: 'sigint' }, false, 75],
  ['given back beats failed', { givenBack: 1, failed: 1, reason: 'wall-time' }, true, 75],
  ['stopped with nothing to give back', { reason: 'sigterm' }, true, 0],
  ['an item taken over', { fenced: 1 }, false, 75],
  ['the worker fenced', { reason: 'fenced' }, false, 75],
])('exit code: %s', (_what, summary, strict, code) => {
  expect(exitCodeOf({ ...FINE, ...summary }, strict)).toBe(code);
});

describe('where big logs go', () => {
  const none = { bucket: undefined, keyPrefix: undefined, local: undefined };

  test.each([
    ['nothing said', none, { folder: '/w/.anamo/logs' }],
    ['--local', { ...none, local: 'data' }, { folder: '/w/data/logs' }],
    ['file:', { ...none, bucket: 'file:out', local: 'data' }, { folder: '/w/out' }],
    ['file: and an absolute folder', { ...none, bucket: 'file:/out' }, { folder: '/out' }],
    ['a file: URL', { ...none, bucket: 'file:///out' }, { folder: '/out' }],
    ['a prefix', { ...none, bucket: 'file:/out', keyPrefix: 'a/b/' }, { folder: '/out/a/b' }],
    ['a prefix that climbs', { ...none, bucket: 'file:/out', keyPrefix: '../../etc' }, { folder: '/out/etc' }],
    ['a bucket of S3', { ...none, bucket: 'some-bucket' }, { folder: '/w/.anamo/logs', unavailable: 'some-bucket' }],
  ])('%s', (_what, config, place) => {
    expect({ ...logPlace(config, '/w'), folder: logPlace(config, '/w').folder.replace(/\/$/, '') }).toEqual(place);
  });
});

test('every setting of a worker reaches it', () => {
  const flags = {
    items: '2',
    nests: '4',
    wall: '60',
    steps: 'align,call',
    idleExit: '5',
    linger: '6',
    cwd: 'scratch',
    spoolDir: '/spool',
    inlineBytes: '100',
    grace: '1',
    stopTimeout: '7',
    timeout: '8',
    silentTimeout: '4',
    codeVersion: 'v1',
  };
  const { config } = loadConfig({ flags, env: {}, cwd: '/' });
  expect(workerOptions(config, { folder: '/logs', unavailable: 'some-bucket' })).toEqual({
    slots: 2,
    nests: 4,
    wallMs: 60_000,
    steps: ['align', 'call'],
    idleExitMs: 5000,
    lingerMs: 6000,
    cwd: 'scratch',
    spoolDir: '/spool',
    inlineBytes: 100,
    graceMs: 1000,
    stopTimeoutMs: 7000,
    timeoutMs: 8000,
    silentTimeoutMs: 4000,
    codeVersion: 'v1',
    logDir: '/logs',
    bucket: 'some-bucket',
  });
});

test('signals reach the worker, each time, until it is let go', () => {
  const before = ['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal));
  const stops: unknown[][] = [];
  const letGo = stopOnSignals({ stop: (...args) => void stops.push(args) }, 30_000);
  const asProcess: EventEmitter = process;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT']) asProcess.emit(signal);
  letGo();
  expect(stops).toEqual([
    ['sigint', 5000],
    ['sigterm', 30_000],
    ['sigint', 5000],
  ]);
  expect(['SIGINT', 'SIGTERM'].map((signal) => process.listenerCount(signal))).toEqual(before);
});
