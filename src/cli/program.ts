import { Command, CommanderError, Option } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { ConfigKey } from '../config/schema.ts';
import { AnamoError } from '../domain/errors.ts';
import type { CommandSpec, FlagSpec } from './command-spec.ts';
import { isBrokenPipe, reportError } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { COMMON_FLAGS } from './flags.ts';
import type { Io } from './io.ts';
import { COMMANDS } from './specs.ts';
import { readVersion } from './version.ts';

/** Runs one command line; returns the exit code and never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = EXIT.fine;
  const program = buildProgram(io, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv.length === 0 ? ['--help'] : argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (isBrokenPipe(error)) return EXIT.fine;
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.fine;
    return reportError(error instanceof CommanderError ? usageError(error, argv) : error, io, errorStyle(argv, io));
  }
}

/** The command tree. Actions load their module when they run. */
export function buildProgram(io: Io, onExitCode: (code: number) => void): Command {
  const program = new Command('anamo');
  program
    .description('Pilot-job worker for big ETL work: the to-do list in DynamoDB, worked off by any number of workers.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'help for a command')
    .addHelpText(
      'after',
      '\nExamples:\n  $ anamo demo\n  $ anamo import --help\n\nExit codes: 0 fine, 1 internal, 2 usage or settings, 3 failed items with --strict, 75 work was given back.',
    );
  quiet(program, io);
  for (const spec of COMMANDS) program.addCommand(quiet(buildCommand(spec, io, onExitCode), io));
  return program;
}

function buildCommand(spec: CommandSpec, io: Io, onExitCode: (code: number) => void): Command {
  const command = new Command(spec.name).description(spec.summary).allowExcessArguments(false);
  for (const argument of spec.args) command.argument(argument.name, argument.doc);
  const flags = [...spec.flags, ...COMMON_FLAGS];
  const named = flags.map((flag) => ({ flag, option: toOption(flag) }));
  for (const { option } of named) command.addOption(option);
  command.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  $ ${example}`).join('\n')}`);
  command.action(async () => {
    const options: Record<string, unknown> = command.opts();
    const settings: Partial<Record<ConfigKey, unknown>> = {};
    for (const { flag, option } of named) {
      if (flag.key !== undefined) settings[flag.key] = options[option.attributeName()];
    }
    const file = options['config'] as string | undefined;
    const loaded = loadConfig({ flags: settings, env: io.env, cwd: io.cwd, file, needs: spec.needs });
    const module = await spec.load();
    onExitCode(
      await module.run({ ...loaded, args: command.args, options, debug: wantsDebug(options['debug'], io), io }),
    );
  });
  return command;
}

function toOption(flag: FlagSpec): Option {
  const option = new Option(flag.flags, flag.doc);
  if (flag.alias === true) option.hideHelp();
  return option;
}

/** Errors are data here and said by one function; commander only finds them. */
function quiet(command: Command, io: Io): Command {
  return command
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: () => undefined,
      outputError: () => undefined,
    });
}

function usageError(error: CommanderError, argv: readonly string[]): AnamoError {
  const [first = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (.*)\?\)/.exec(suggestion)?.[1];
  return new AnamoError('USAGE', first.replace(/\.$/, ''), { hint: hintFor(error.code, meant, argv), cause: error });
}

function hintFor(code: string, meant: string | undefined, argv: readonly string[]): string {
  if (meant !== undefined) return `did you mean ${meant}?`;
  if (code === 'commander.missingArgument' && argv.includes('--local'))
    return 'the word after --local was taken as its folder: put --local last, or write --local=.anamo';
  return 'anamo --help lists the commands, anamo <command> --help the flags of one';
}

function errorStyle(argv: readonly string[], io: Io): { json: boolean; debug: boolean } {
  const end = argv.indexOf('--');
  const flags = end === -1 ? argv : argv.slice(0, end);
  return { json: flags.includes('--json'), debug: wantsDebug(flags.includes('--debug'), io) };
}

function wantsDebug(flag: unknown, io: Io): boolean {
  return flag === true || !['', '0', 'false'].includes(io.env['ANAMO_DEBUG'] ?? '');
}
