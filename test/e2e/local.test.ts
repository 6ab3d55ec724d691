import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCliRig, type CliRig } from '../support/cli-rig.ts';

let rig: CliRig;

beforeAll(() => {
  rig = createCliRig();
});

afterAll(async () => {
  await rig.close();
});

test('anamo local prints an environment by which others reach it, and ends on Ctrl-C', async () => {
  const running = rig.start(['local', '--local', 'data', '--json']);
  let said = '';
  running.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await running.said('}\n');
  const { environment } = JSON.parse(said) as { environment: Record<string, string> };

  const input = 'itemID|TaskID|TaskScript\na|x|true\n';
  const outside = await rig.anamo(['import', '-t', 'Example_Table', '-i', '-'], { env: environment, input });
  expect(outside).toMatchObject({ code: 0, stderr: '' });
  const { AWS_ENDPOINT_URL_DYNAMODB: url = '', ...keys } = environment;
  const byUrl = await rig.anamo(['items', '-t', 'Example_Table', '--endpoint-url', url], { env: keys });
  expect(byUrl.stdout).toContain('\na ');
  const byFolder = await rig.anamo(['status', '-t', 'Example_Table', '--local', 'data', '--json']);
  expect(JSON.parse(byFolder.stdout)).toMatchObject({ totals: { todo: 1 } });

  running.child.kill('SIGINT');
  expect(await running.result).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('its text can be pasted into a shell', async () => {
  const running = rig.start(['local', '--local', 'data']);
  await running.said('AWS_DEFAULT_REGION');
  running.child.kill('SIGTERM');
  const { code, stdout } = await running.result;
  expect(code).toBe(0);
  for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^(# .+|export [A-Z_]+='[^']+')$/);
});
