/**
 * What an import cannot be faster than: the same records by conditional puts with the client's settings of the product, and nothing
 * else. node bare-puts.ts <table> <count> <concurrency> <endpoint> <region>
 */
import type * as Dynamo from '../src/aws/dynamo.ts';
import type * as Records from '../src/store/record.ts';
import { PutCommand } from '@aws-sdk/lib-dynamodb';

// Of the build, like the import that it is compared with: loading the sources takes longer.
const { createDynamo } = (await import(built('aws/dynamo.js'))) as typeof Dynamo;
const { newItemRecord } = (await import(built('store/record.js'))) as typeof Records;

const [table = '', count, concurrency, endpointUrl = '', region = ''] = process.argv.slice(2);
const dynamo = await createDynamo({ table, region, endpointUrl });
let next = 0;

async function lane(): Promise<void> {
  for (let i = next++; i < Number(count); i = next++) {
    const fixed = {
      step: table,
      script: 'true',
      priority: 0,
      maxAttempts: 1,
      shell: false,
      nestedMode: 'parallel',
    } as const;
    const Item = newItemRecord(
      { itemId: `item-${i}`, taskId: `S${i % 100}`, ...fixed },
      `gen-${i}`.padEnd(16, 'x'),
      8,
      Date.now(),
    );
    const command = new PutCommand({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' });
    await dynamo.patient.send(command);
  }
}

await Promise.all(Array.from({ length: Number(concurrency) }, lane));
dynamo.close();

function built(name: string): string {
  return new URL(`../dist/${name}`, import.meta.url).href;
}
