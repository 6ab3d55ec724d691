import { describe, expect, it } from 'vitest';
import { addFallback, routeLog } from '../../src/domain/log-route.ts';

const unavailable = { sink: 's3', reason: 'this version does not write to S3' };

describe('routeLog', () => {
  it.each([
    [0, ['none']],
    [1, ['inline']],
    [2048, ['inline']],
    [2049, ['file', 'inline']],
    [5e9, ['file', 'inline']],
  ])('sends %d bytes to %j', (bytes, sinks) => {
    expect(routeLog({ bytes, inlineBytes: 2048, hasFileSink: true })).toEqual({ sinks });
  });

  it('does not complain about a missing sink that nothing was to go to', () => {
    expect(routeLog({ bytes: 10, inlineBytes: 2048, hasFileSink: false, unavailable })).toEqual({ sinks: ['inline'] });
    expect(routeLog({ bytes: 0, inlineBytes: 0, hasFileSink: false, unavailable })).toEqual({ sinks: ['none'] });
  });

  it('takes the file sink for one that does not exist, and says so', () => {
    expect(routeLog({ bytes: 3000, inlineBytes: 2048, hasFileSink: true, unavailable })).toEqual({
      sinks: ['file', 'inline'],
      fallback: { from: 's3', reason: unavailable.reason },
    });
  });

  it('keeps what fits in the record when there is no place for big logs', () => {
    expect(routeLog({ bytes: 3000, inlineBytes: 2048, hasFileSink: false, unavailable })).toEqual({
      sinks: ['inline'],
      fallback: { from: 's3', reason: unavailable.reason },
    });
    expect(routeLog({ bytes: 3000, inlineBytes: 2048, hasFileSink: false }).fallback).toEqual({
      from: 'file',
      reason: 'no place for big logs is configured',
    });
  });
});

describe('addFallback', () => {
  it('names the first sink that was asked for, and every reason', () => {
    const first = addFallback(undefined, 's3', 'no bucket');
    expect(first).toEqual({ from: 's3', reason: 'no bucket' });
    expect(addFallback(first, 'file', 'EACCES')).toEqual({ from: 's3', reason: 'no bucket; file: EACCES' });
  });
});
