import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCliRig, type CliRig } from '../support/cli-rig.ts';

let rig: CliRig;

beforeAll(() => {
  rig = createCliRig();
});

afterAll(async () => {
  await rig.close();
});

test('anamo demo does the whole main job, without a terminal too, and touches no other table', async () => {
  // Settings of another table: a demo that followed them would fail at once.
  const env = { PYANAMO_TABLE: 'Production', AWS_REGION: 'eu-west-1', ANAMO_ENDPOINT_URL: 'http://127.0.0.1:1' };
  const { code, stdout, stderr } = await rig.anamo(['demo', '--dir', 'demo'], { env });
  expect({ code, stderr: stderr.split('\n').filter((line) => line.startsWith('anamo:')) }).toEqual({
    code: 0,
    stderr: [],
  });
  const commands = stdout.split('\n').filter((line) => line.startsWith('$ '));
  expect(commands).toEqual([
    "$ anamo import -i import-single.txt -d '|'",
    "$ anamo import -i import-nested.txt -d '|' -n ,",
    '$ anamo run -i 2 -n 4',
    '$ anamo status',
    '$ anamo show qc_Sample3',
  ]);
  expect(stdout).toMatch(/^all steps +0 +0 +7 +1 +8$/m);
  expect(stdout).toContain('this sample must be sequenced again');
  expect(stdout).toContain('What to type next:\n  cd demo\n');
  expect(stderr).toMatch(/^✗ qc qc_Sample3 /m);
});

test('anamo demo does not write into a folder that is in use', async () => {
  expect(await rig.anamo(['demo', '--dir', '.'])).toMatchObject({ code: 2, stdout: '' });
});
