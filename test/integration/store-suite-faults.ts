import type { Dynamo } from '../../src/aws/dynamo.ts';

/** One transmission of a request, a repeat by the SDK included. */
export interface Sent {
  /** `PutItem`, `Query`, … */
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** From 1. */
  readonly number: number;
}

/**
 * request: it never arrives. answer: it takes effect, its answer is lost. Both look like a timeout. killed: the process
 * ends before it is sent; killed-after: while its answer is on the way. Nothing of these two is repeated by the SDK.
 */
export type Fault = 'lost-request' | 'lost-answer' | 'killed' | 'killed-after';

/** Disturbs what the clients of `dynamo` send from now on, below the SDK's own repeats; gives the list of what was sent. */
export function disturb(dynamo: Dynamo, decide: (sent: Sent) => Fault | undefined = () => undefined): readonly Sent[] {
  const log: Sent[] = [];
  for (const client of [dynamo.patient, dynamo.once]) {
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const operation = String(context['commandName']).replace(/Command$/, '');
        const sent = { operation, input: args.input as unknown as Record<string, unknown>, number: log.length + 1 };
        log.push(sent);
        const fault = decide(sent);
        if (fault === 'killed' || fault === 'lost-request') throw failure(fault);
        const result = await next(args);
        if (fault !== undefined) throw failure(fault);
        return result;
      },
      { step: 'deserialize', name: 'testFaults', priority: 'low', override: true },
    );
  }
  return log;
}

/** Disturbs the first `times` transmissions of one operation. */
export function first(times: number, operation: string, fault: Fault): (sent: Sent) => Fault | undefined {
  let left = times;
  return (sent) => (sent.operation === operation && left-- > 0 ? fault : undefined);
}

function failure(fault: Fault): Error {
  const name = fault.startsWith('killed') ? 'Killed' : 'TimeoutError';
  return Object.assign(new Error(`test: ${fault}`), { name });
}

/** Rewrites answers of one operation before the caller sees them. */
export function answering(
  dynamo: Dynamo,
  operation: string,
  rewrite: (
    input: Record<string, unknown>,
    send: (input: Record<string, unknown>) => Promise<Answer>,
  ) => Promise<Answer>,
): void {
  dynamo.patient.middlewareStack.add(
    (next, context) => async (args) => {
      if (context['commandName'] !== `${operation}Command`) return await next(args);
      let result: Awaited<ReturnType<typeof next>> | undefined;
      const output = await rewrite(args.input as unknown as Record<string, unknown>, async (input) => {
        result = await next({ ...args, input });
        return result.output as unknown as Answer;
      });
      if (result === undefined) throw new Error('test: the request was not sent');
      return { ...result, output: output as unknown as typeof result.output };
    },
    { step: 'initialize', name: 'testAnswers', priority: 'low' },
  );
}

export type Answer = Record<string, unknown>;
