import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/specs.ts';
import type { Io } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/program.ts';

/** Runs a command line that never comes as far as a table. */
async function cli(argv: readonly string[], env: Io['env'] = {}) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const cwd = import.meta.dirname;
  const code = await runCli(argv, { env, cwd, stdin: new PassThrough(), stdout, stderr });
  return { code, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') };
}

describe('help', () => {
  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s --help has an example',
    async (name, command) => {
      const { code, stdout, stderr } = await cli([name, '--help']);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`Usage: anamo ${name} `);
      for (const example of command.examples) expect(stdout).toContain(`  $ ${example}\n`);
      for (const flag of ['--table', '--region', '--endpoint-url', '--local', '--json', '--config', '--debug']) {
        expect(stdout).toContain(flag);
      }
    },
  );

  test('anamo alone and anamo --help list the commands', async () => {
    const alone = await cli([]);
    expect(alone).toEqual(await cli(['--help']));
    expect(alone.code).toBe(0);
    for (const { name } of COMMANDS) expect(alone.stdout).toContain(`\n  ${name} `);
  });

  test('anamo help run is anamo run --help', async () => {
    expect((await cli(['help', 'run'])).stdout).toBe((await cli(['run', '--help'])).stdout);
  });

  test('--version', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('usage errors have exit code 2, one sentence and the way out', () => {
  test.each([
    ['an unknown flag', ['run', '--tabel', 'x'], "unknown option '--tabel'", 'did you mean --table?'],
    ['an unknown flag like none', ['run', '--xyzzy'], "unknown option '--xyzzy'", 'anamo <command> --help'],
    ['an unknown command', ['stauts'], "unknown command 'stauts'", 'did you mean status?'],
    [
      'a missing argument',
      ['show', '-t', 'Example_Table'],
      "missing required argument 'item'",
      'anamo <command> --help',
    ],
    [
      'an argument that --local took',
      ['show', '--local', 'Seq_Tests'],
      "missing required argument 'item'",
      'put --local last',
    ],
    [
      'a flag without its value',
      ['status', '-t'],
      "option '-t, --table <name>' argument missing",
      'anamo <command> --help',
    ],
    ['an argument too many', ['status', 'x', '-t', 'Example_Table'], 'too many arguments', 'anamo <command> --help'],
    ['no table', ['status'], 'the setting table is not given', 'docs/reference/config.md'],
    [
      'a bad number',
      ['run', '-t', 'Example_Table', '-i', 'two'],
      'items must be a whole number from 1 to 256, not "two"',
      '',
    ],
    ['no input', ['import', '-t', 'Example_Table'], 'nothing to import', 'give a file with -i FILE'],
    ['two inputs', ['import', '-t', 'Example_Table', '-i', 'a', '--each', 'b'], '-i and --each exclude each other', ''],
    [
      'a command without --each',
      ['import', '-t', 'Example_Table', '-i', 'a', '--', 'bash'],
      'only --each takes a command',
      '',
    ],
    [
      'a format',
      ['import', '-t', 'Example_Table', '-i', 'a', '--format', 'xml'],
      'there is no format "xml"',
      'delimited and jsonl',
    ],
    [
      'an unreadable file',
      ['import', '-t', 'Example_Table', '-i', 'none.txt'],
      'none.txt cannot be read: there is no such file',
      'check the path',
    ],
    [
      'a folder as file',
      ['import', '-t', 'Example_Table', '-i', '.'],
      'cannot be read: it is a folder',
      'check the path',
    ],
    [
      'a state',
      ['items', '-t', 'Example_Table', '--state', 'faild'],
      'there is no state "faild"',
      'did you mean failed?',
    ],
    ['a limit', ['items', '-t', 'Example_Table', '--limit', '0'], '--limit must be a whole number above 0', ''],
    [
      'a settings file',
      ['status', '--config', 'none.json'],
      'none.json cannot be read',
      'check the path given with --config',
    ],
  ])('%s', async (_what, argv, message, hint) => {
    const { code, stdout, stderr } = await cli(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^anamo: .+\n {2}→ .+\n$/);
    expect(stderr).toContain(message);
    expect(stderr).toContain(hint);
  });

  test('as JSON with --json', async () => {
    const { code, stderr } = await cli(['run', '--tabel', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toEqual({
      error: { code: 'USAGE', message: "unknown option '--tabel'", hint: 'did you mean --table?' },
    });
  });

  test('--json after -- belongs to the command of --each', async () => {
    const { stderr } = await cli(['import', '-t', 'Example_Table', '-i', 'a', '--', 'cmd', '--json']);
    expect(stderr).toMatch(/^anamo: /);
  });

  test.each([
    ['--debug', ['status', '--debug'], {}],
    ['ANAMO_DEBUG', ['status'], { ANAMO_DEBUG: '1' }],
  ])('a stack trace with %s', async (_what, argv, env) => {
    expect((await cli(argv, env)).stderr).toContain('\n    at ');
  });
});
