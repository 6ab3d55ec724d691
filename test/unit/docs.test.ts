import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMON_FLAGS } from '../../src/cli/flags.ts';
import { COMMANDS } from '../../src/cli/specs.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { CONFIG_KEYS, SETTINGS, envName, type Setting } from '../../src/config/schema.ts';
import { ERROR_CODES } from '../../src/domain/errors.ts';

function read(name: string): string {
  return readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');
}

/** The cells of every row whose first cell is code. */
function rows(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => /^\|\s*`/.test(line))
    .map((line) =>
      line
        .replaceAll('\\|', '\u0000')
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\u0000', '|')),
    );
}

function unquote(cell: string | undefined): string {
  return (cell ?? '').replaceAll('`', '');
}

function section(text: string, title: string): string {
  const [, rest = ''] = text.split(`\n## ${title}\n`);
  return rest.split('\n## ')[0] ?? '';
}

test('errors.md lists every error code with its exit code, and no other', () => {
  const documented = rows(read('errors.md')).map(([code, exit]) => [unquote(code), Number(exit)]);
  expect(documented).toEqual(Object.entries(ERROR_CODES));
});

test('config.md lists every setting with its flag, environment and default, and no other', () => {
  const documented = rows(read('config.md')).map((row) => row.slice(0, 4).map((cell) => unquote(cell)));
  const expected = CONFIG_KEYS.map((key) => {
    const setting: Setting = SETTINGS[key];
    const names = [envName(key), ...(setting.envs ?? [])].join(', ');
    return [key, setting.flag ?? '', names, setting.default === null ? '' : String(setting.default)];
  });
  expect(documented).toEqual(expected);
});

describe('commands.md', () => {
  const text = read('commands.md');

  test('has a section for every command, and no other', () => {
    const titles = [...text.matchAll(/^## anamo (.+)$/gm)].map((match) => match[1]);
    expect(titles).toEqual(COMMANDS.map((command) => command.name));
  });

  test('lists the common flags', () => {
    const documented = rows(section(text, 'Flags of every command')).map(([flag]) => unquote(flag));
    expect(documented).toEqual([...COMMON_FLAGS.map((flag) => flag.flags), '-h, --help']);
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s: its flags, arguments and examples',
    (name, command) => {
      const own = section(text, `anamo ${name}`);
      const documented = rows(own).map(([first]) => unquote(first));
      expect(documented).toEqual([...command.args.map((arg) => arg.name), ...command.flags.map((flag) => flag.flags)]);
      for (const example of command.examples) expect(own).toContain(`\n${example}\n`);
    },
  );

  test('lists every exit code', () => {
    const documented = [...section(text, 'Exit codes').matchAll(/^\| (\d+) /gm)].map((match) => Number(match[1]));
    expect(documented).toEqual(Object.values(EXIT));
  });
});

test('a flag that sets a setting is the one that the setting names', () => {
  for (const { flags, key } of [...COMMANDS.flatMap((command) => command.flags), ...COMMON_FLAGS]) {
    if (key === undefined) continue;
    const setting: Setting = SETTINGS[key];
    const written = flags.replace(/ [<[].*$/, '').replace(', ', '/');
    expect(written).toBe(setting.flag);
  }
});
