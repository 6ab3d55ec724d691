import { GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { AnamoError } from '../domain/errors.ts';
import { MAX_STEPS } from '../domain/limits.ts';
import { asked, type Db } from './db.ts';
import { FLEET_KEY, stepKey } from './schema.ts';

export interface StepRecord {
  readonly name: string;
  readonly paused: boolean;
  /** Whether items with nested tasks were ever imported into it. */
  readonly nested: boolean;
}

/** The steps of the table, by name. At most 100, so one page. */
export async function listSteps(db: Db): Promise<StepRecord[]> {
  const command = new QueryCommand({
    TableName: db.table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: { ':pk': 'table', ':prefix': 'step#' },
    ConsistentRead: true,
  });
  const answer = await asked(db, 'Query', () => db.patient.send(command));
  return (answer.Items ?? []).map((raw) => ({
    name: String(raw['sk']).slice('step#'.length),
    paused: raw['paused'] === true,
    nested: raw['nested'] === true,
  }));
}

/** Makes the step's record, or marks it as one with nested tasks; throws STEP_LIMIT for the 101st step. */
export async function ensureStep(db: Db, name: string, nested: boolean, now: number): Promise<void> {
  const known = await listSteps(db);
  const existing = known.find((step) => step.name === name);
  if (existing !== undefined && (existing.nested || !nested)) return;
  if (existing === undefined && known.length >= MAX_STEPS) {
    throw new AnamoError('STEP_LIMIT', `table ${db.table} has ${MAX_STEPS} steps already; ${name} would be one more`, {
      hint: 'use fewer steps, or another table',
    });
  }
  const command = new UpdateCommand({
    TableName: db.table,
    Key: stepKey(name),
    UpdateExpression: `SET createdAt = if_not_exists(createdAt, :now)${nested ? ', nested = :yes' : ''}`,
    ExpressionAttributeValues: { ':now': now, ...(nested ? { ':yes': true } : {}) },
  });
  await asked(db, 'UpdateItem', () => db.patient.send(command));
}

/** The number that import, retry, promotion and give-back bump, and idle workers look at. */
export async function readWake(db: Db): Promise<number> {
  const answer = await asked(db, 'GetItem', () =>
    db.patient.send(new GetCommand({ TableName: db.table, Key: FLEET_KEY, ProjectionExpression: 'wake' })),
  );
  return Number(answer.Item?.['wake'] ?? 0);
}

export async function bumpWake(db: Db): Promise<void> {
  const command = new UpdateCommand({
    TableName: db.table,
    Key: FLEET_KEY,
    UpdateExpression: 'ADD wake :one',
    ExpressionAttributeValues: { ':one': 1 },
  });
  await asked(db, 'UpdateItem', () => db.patient.send(command));
}
