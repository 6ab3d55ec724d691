import { paginateQuery, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { asked, type Db } from './db.ts';
import type { Raw } from './record.ts';

/** A Query without the table's name. */
export type Query = Omit<QueryCommandInput, 'TableName'>;

/** The pages of a query, one in memory at a time. */
export async function* queryPages(db: Db, query: Query): AsyncGenerator<readonly Raw[]> {
  const pages = paginateQuery({ client: db.patient }, { TableName: db.table, ...query });
  while (true) {
    const next = await asked(db, 'Query', () => pages.next());
    if (next.done === true) return;
    yield next.value.Items ?? [];
  }
}

/** All records of a query, streamed by pages. */
export async function* queryAll(db: Db, query: Query): AsyncGenerator<Raw> {
  for await (const page of queryPages(db, query)) yield* page;
}

/** How many records a query finds; they are not sent. */
export async function countAll(db: Db, query: Query): Promise<number> {
  const pages = paginateQuery({ client: db.patient }, { TableName: db.table, ...query, Select: 'COUNT' });
  return await asked(db, 'Query', async () => {
    let count = 0;
    for await (const page of pages) count += page.Count ?? 0;
    return count;
  });
}

/** Records of one item whose sort key begins so. */
export function beginning(pk: string, prefix: string): Query {
  return {
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
  };
}
