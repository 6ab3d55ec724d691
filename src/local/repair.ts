import type { DynalitePackage, LevelDatabase, LevelOperation, StoredRecord } from './load-dynalite.ts';

/** What a repair changed. */
export interface Repair {
  tables: number;
  entriesAdded: number;
  entriesRemoved: number;
}

/**
 * Makes the indexes agree with the items again after the server was killed. dynalite writes the index entries and then the item, each by
 * itself; killed in between, an item would stay in the index under a state it never got, or under none, and nobody would find it.
 * The item counts. Works on the files while nobody serves them; everything is written in one atomic batch.
 */
export async function repairIndexes({ Level, getIndexActions }: DynalitePackage, folder: string): Promise<Repair> {
  const db = new Level(folder, { valueEncoding: 'json' });
  await db.open();
  try {
    const operations: LevelOperation[] = [];
    let tables = 0;
    for await (const [key, table] of db.iterator(prefixRange('table~'))) {
      if (!isRecord(table)) continue;
      tables += 1;
      if (table['TableStatus'] === 'CREATING') operations.push({ type: 'put', key, value: activeTable(table) });
      operations.push(...(await indexRepairs(db, getIndexActions, table)));
    }
    await db.batch(operations);
    const entries = operations.filter(({ key }) => key.startsWith('index-'));
    const entriesAdded = entries.filter(({ type }) => type === 'put').length;
    return { tables, entriesAdded, entriesRemoved: entries.length - entriesAdded };
  } finally {
    await db.close();
  }
}

async function indexRepairs(
  db: LevelDatabase,
  getIndexActions: DynalitePackage['getIndexActions'],
  table: StoredRecord,
): Promise<LevelOperation[]> {
  const name = String(table['TableName']);
  const indexes = table['GlobalSecondaryIndexes'];
  if (!Array.isArray(indexes)) return [];

  const missing = new Map<string, StoredRecord>();
  for await (const [, item] of db.iterator(prefixRange(`item-${name}~`))) {
    if (!isRecord(item)) continue;
    for (const put of getIndexActions(indexes, undefined, item, table).puts) {
      missing.set(`index-global~${name}~${put.index}~${put.key}`, put.item);
    }
  }
  const operations: LevelOperation[] = [];
  for await (const key of db.keys(prefixRange(`index-global~${name}~`))) {
    if (!missing.delete(key)) operations.push({ type: 'del', key });
  }
  for (const [key, value] of missing) operations.push({ type: 'put', key, value });
  return operations;
}

/** Killed while a table was being created, dynalite would refuse for ever to use it and to delete it. */
function activeTable(table: StoredRecord): StoredRecord {
  const indexes = table['GlobalSecondaryIndexes'];
  if (!Array.isArray(indexes)) return { ...table, TableStatus: 'ACTIVE' };
  const active = indexes.map((index: StoredRecord) => ({ ...index, IndexStatus: 'ACTIVE' }));
  return { ...table, TableStatus: 'ACTIVE', GlobalSecondaryIndexes: active };
}

function prefixRange(prefix: string): { gte: string; lt: string } {
  return { gte: prefix, lt: `${prefix}\u{10FFFF}` };
}

function isRecord(value: unknown): value is StoredRecord {
  return typeof value === 'object' && value !== null;
}
