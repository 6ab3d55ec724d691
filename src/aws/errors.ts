import { AnamoError, type ErrorCode } from '../domain/errors.ts';

/** Where a request went, for the sentence that a user reads. */
export interface RequestPlace {
  readonly operation: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly table: string;
}

const THROTTLES = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
  'LimitExceededException',
]);
const BAD_CREDENTIALS = new Set([
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'IncompleteSignature',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'MissingAuthenticationTokenException',
]);
/** What the SDK says of an answer that it cannot read: a proxy's page, another server, half an answer. */
const NOT_READABLE = /deserialization error|^UnknownError$/i;
const NO_CREDENTIALS = /could not load credentials/i;
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'EPROTO',
]);

interface Names {
  readonly name: string;
  readonly code: string;
  readonly status: number;
  readonly message: string;
}

/** The name and the system code of an SDK error, whatever it is. */
function namesOf(error: unknown): Names {
  const e = (error ?? {}) as {
    name?: string;
    code?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return {
    name: e.name ?? '',
    code: e.code ?? '',
    status: e.$metadata?.httpStatusCode ?? e.$response?.statusCode ?? 0,
    message: e.message ?? String(error),
  };
}

export function isConditionFailed(error: unknown): boolean {
  return namesOf(error).name === 'ConditionalCheckFailedException';
}

export function isMissingTable(error: unknown): boolean {
  return namesOf(error).name === 'ResourceNotFoundException';
}

export function isThrottle(error: unknown): boolean {
  return THROTTLES.has(namesOf(error).name);
}

/** A request whose effect is not known (no answer, one that cannot be read, 5xx) or that may simply be sent again (throttled). */
export function isUnanswered(error: unknown): boolean {
  const { name, code, status, message } = namesOf(error);
  if (THROTTLES.has(name) || status >= 500 || NETWORK.has(code) || NOT_READABLE.test(message)) return true;
  return (
    name === 'TimeoutError' ||
    name === 'AbortError' ||
    name === 'RequestTimeout' ||
    name === 'TransactionInProgressException'
  );
}

interface Seen extends Names {
  readonly place: RequestPlace;
  readonly where: string;
}

type Rule = readonly [
  code: ErrorCode,
  applies: (seen: Seen) => boolean,
  says: (seen: Seen) => string,
  wayOut: (seen: Seen) => string,
];

/** The first rule that applies wins. */
const RULES: readonly Rule[] = [
  [
    'TABLE_MISSING',
    ({ name }) => name === 'ResourceNotFoundException',
    ({ place, where }) => `there is no table ${place.table} in ${where}`,
    () => 'check -t and -r, or create it with `anamo import`',
  ],
  [
    'AWS_NO_CREDENTIALS',
    ({ name, message }) => name === 'CredentialsProviderError' || NO_CREDENTIALS.test(message),
    ({ message }) => `no AWS credentials were found${NO_CREDENTIALS.test(message) ? '' : `: ${message}`}`,
    () =>
      'set AWS_PROFILE to a profile that exists, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run where a role is attached, or try --local',
  ],
  [
    'AWS_NO_REGION',
    ({ message }) => /region is missing/i.test(message),
    () => 'no AWS region is set',
    () => 'give -r us-east-1, or set AWS_REGION',
  ],
  [
    'AWS_BAD_CREDENTIALS',
    ({ name }) => BAD_CREDENTIALS.has(name),
    ({ where, message }) => `${where} refused the credentials: ${message}`,
    () => 'renew them (aws sso login), or check AWS_PROFILE',
  ],
  [
    'AWS_BAD_CREDENTIALS',
    ({ code }) => code === 'ERR_INVALID_CHAR',
    () => 'the AWS credentials hold a character that cannot be sent',
    () => 'look for a line end in AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN',
  ],
  [
    'AWS_DENIED',
    ({ name }) => name === 'AccessDeniedException',
    ({ message }) => `not allowed: ${message}`,
    ({ place }) => `grant dynamodb:${place.operation} on table ${place.table} and its indexes`,
  ],
  [
    'AWS_THROTTLED',
    ({ name }) => THROTTLES.has(name),
    ({ where, place }) => `${where} is throttling ${place.operation}`,
    () => 'try again, or raise the capacity of the table',
  ],
  [
    'AWS_UNREACHABLE',
    ({ name, code, message }) => NETWORK.has(code) || name === 'TimeoutError' || /ENOTFOUND|ECONNREFUSED/.test(message),
    ({ where, code, name }) => `${where} cannot be reached (${code || name})`,
    ({ place }) =>
      place.endpoint === undefined
        ? 'check the region (-r) and the network'
        : 'check --endpoint-url and that the server runs',
  ],
  [
    'AWS_FAILED',
    ({ message }) => NOT_READABLE.test(message),
    ({ where, place, status }) => `${where} did not answer ${place.operation} as DynamoDB does${statusText(status)}`,
    ({ place }) =>
      place.endpoint === undefined ? 'look for a proxy on the way, and try again' : 'check --endpoint-url',
  ],
  [
    'AWS_FAILED',
    () => true,
    ({ where, place, name, message }) => `${where} answered ${place.operation} with ${name || 'an error'}: ${message}`,
    () => 'run `anamo doctor`, or add --debug',
  ],
];

function statusText(status: number): string {
  return status === 0 ? '' : ` (HTTP status ${status})`;
}

/** One mapping from SDK errors to ours: a sentence that names the place, and the way out. */
export function toAnamoError(error: unknown, place: RequestPlace): AnamoError {
  if (error instanceof AnamoError) return error;
  const where = place.endpoint === undefined ? `DynamoDB in ${place.region}` : `DynamoDB at ${place.endpoint}`;
  const seen: Seen = { ...namesOf(error), place, where };
  const rule = RULES.find(([, applies]) => applies(seen));
  if (rule === undefined) throw new TypeError('the last rule applies to everything');
  const [code, , says, wayOut] = rule;
  return new AnamoError(code, says(seen), { hint: wayOut(seen), cause: error });
}
