import { describe, expect, test } from 'vitest';

import type { ItemWork } from '../../src/domain/work.ts';
import { createCommandMaker } from '../../src/executor/command.ts';

function work(part: Partial<ItemWork>): ItemWork {
  return {
    table: 'T',
    step: 's',
    itemId: 'i',
    taskId: 'x',
    gen: 'g',
    fence: 3,
    attempt: 1,
    workerId: 'w',
    script: 'prog',
    shell: false,
    env: {},
    graceMs: 0,
    cwd: 'worker',
    scratchRoot: '/s',
    logs: { spoolDir: '/p', inlineBytes: 1 },
    ...part,
  };
}

const nested = { mode: 'parallel', parallel: 1, tasks: [] } as const;

describe('the environment', () => {
  test('is the worker’s, then the item’s, then what anamo says', () => {
    const maker = createCommandMaker(
      work({ env: { B: 'item', C: 'item', ANAMO_STEP: 'item', TRACEPARENT: 'item' }, traceparent: 'ours' }),
      { A: 'worker', B: 'worker', GONE: undefined, ANAMO_NESTED_ID: 'worker', ANAMO_FENCE: '77' },
    );
    expect(maker.environment('/s/1')).toEqual({
      A: 'worker',
      B: 'item',
      C: 'item',
      ANAMO_TABLE: 'T',
      ANAMO_STEP: 's',
      ANAMO_ITEM_ID: 'i',
      ANAMO_TASK_ID: 'x',
      ANAMO_ATTEMPT: '1',
      ANAMO_FENCE: '3',
      ANAMO_WORKER_ID: 'w',
      TRACEPARENT: 'ours',
      TMPDIR: '/s/1',
    });
  });

  test('of a nested task has its name, whatever the item says', () => {
    const maker = createCommandMaker(work({ env: { ANAMO_NESTED_ID: 'item', TMPDIR: '/item' }, nested }), {});
    expect(maker.environment('/s/1', { index: 4, arg: 'a' })).toMatchObject({
      ANAMO_NESTED_ID: 'Task_4',
      TMPDIR: '/s/1',
    });
    expect(maker.environment('/s/2', { index: 5, arg: 'b' })).toMatchObject({
      ANAMO_NESTED_ID: 'Task_5',
      TMPDIR: '/s/2',
    });
  });
});

describe('the command', () => {
  test('is filled from the environment of the child', () => {
    const maker = createCommandMaker(
      work({ script: '$TOOL "${ANAMO_ITEM_ID}" {}', nested, env: { TOOL: 'bwa mem' } }),
      {},
    );
    const task = { index: 0, arg: 'a b' };
    expect(maker.command(maker.environment('/s', task), task)).toEqual({ file: 'bwa mem', args: ['i', 'a b'] });
  });

  test('of a shell script runs under bash -eo pipefail, and leaves $ to bash', () => {
    const maker = createCommandMaker(work({ script: 'echo $NOT_SET | cat', shell: true }), {});
    expect(maker.command({})).toEqual({ file: 'bash', args: ['-eo', 'pipefail', '-c', 'echo $NOT_SET | cat'] });
  });

  test.each([
    ['words that do not parse', work({ script: `a "b` })],
    ['a variable that is not set', work({ script: 'a $B' })],
    ['a shell script without a place for the argument', work({ script: 'a &', shell: true, nested })],
  ])('%s is a bad script', (_what, bad) => {
    const maker = createCommandMaker(bad, {});
    expect(maker.command({}, { index: 0, arg: 'x' })).toMatchObject({ kind: 'spawn-failed', code: 'BAD_SCRIPT' });
  });
});
