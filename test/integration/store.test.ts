import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startDynamo } from '../../src/local/dynalite.ts';
import { loadDynalite } from '../../src/local/load-dynalite.ts';
import { startTestDynamo } from '../support/dynalite.ts';
import { entriesOf, spec, useGround } from './store-suite-harness.ts';
import { storeSuite } from './store-suite.ts';

storeSuite('dynalite', startTestDynamo);

describe('a table that is being created', () => {
  const ground = useGround(slowDynamo);

  test('is waited for, by its 8 creators and by who only opens it', async () => {
    const name = ground.newName();
    const creators = Array.from({ length: 8 }, () => ground.open(name, { whenMissing: 'create' }));
    const late = ground.clients(name).then(async () => {
      while (true) {
        const opened = await ground.open(name).catch((error: unknown) => error);
        if (!(opened instanceof Error && 'code' in opened && opened.code === 'TABLE_MISSING')) return opened;
      }
    });
    const all = await Promise.all(creators);
    expect(all.filter((table) => table.created)).toHaveLength(1);
    expect(await late).toMatchObject({ name, created: false });
    await expect(all[7]?.import(entriesOf([spec('a')]))).resolves.toMatchObject({ imported: 1 });
  });
});

describe('a wrong clock of this machine', () => {
  const HOUR = 3_600_000;
  const ground = useGround(() => startWithClock(-HOUR));

  test('does not move due times: they go by the table', async () => {
    const table = await ground.open(ground.newName(), { whenMissing: 'create' });
    // Due half an hour ago by this machine, in half an hour by the table.
    const notBefore = Date.now() - HOUR / 2;
    await table.import(entriesOf([spec('a', { notBefore })]));
    await expect(table.status()).resolves.toMatchObject({ totals: { waiting: 1, todo: 0 } });
  });
});

describe('credentials that the server does not know', () => {
  const ground = useGround(() => startDynamo({ accessKeyId: 'OTHER' }));

  test('are AWS_BAD_CREDENTIALS', async () => {
    const opening = ground.open(ground.newName(), { whenMissing: 'create' });
    await expect(opening).rejects.toMatchObject({ code: 'AWS_BAD_CREDENTIALS', exitCode: 2 });
  });
});

/** As on AWS, a new table is CREATING for a while, and its index too. */
async function slowDynamo(): Promise<{ endpointUrl: string; close(): Promise<void> }> {
  return await serve({ createTableMs: 400, clockMs: undefined });
}

async function startWithClock(clockMs: number): Promise<{ endpointUrl: string; close(): Promise<void> }> {
  return await serve({ createTableMs: 0, clockMs });
}

async function serve(options: {
  createTableMs: number;
  clockMs: number | undefined;
}): Promise<{ endpointUrl: string; close(): Promise<void> }> {
  const { createTableMs, clockMs } = options;
  const http = loadDynalite().createServer({ createTableMs, deleteTableMs: 0, updateTableMs: 0 });
  if (clockMs !== undefined) {
    http.prependListener('request', (_request, response) => {
      response.setHeader('Date', new Date(Date.now() + clockMs).toUTCString());
    });
  }
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const close = async (): Promise<void> => {
    const closed = once(http, 'close');
    http.close();
    http.closeAllConnections();
    await closed;
  };
  return { endpointUrl: `http://127.0.0.1:${port}`, close };
}
