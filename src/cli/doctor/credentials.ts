import { ok, warn, type Check } from './check.ts';
import type { Io } from '../io.ts';

/** Says which kind of credentials the AWS SDK will meet first; never a value, and no request is made. */
export function describeCredentials(env: Io['env'], isLocal: boolean): Check {
  const name = 'credentials from';
  if (isLocal) return ok(name, 'the embedded database (no AWS account is touched)');
  const has = (variable: string) => (env[variable] ?? '') !== '';
  if (has('AWS_PROFILE')) return ok(name, 'a profile (AWS_PROFILE)');
  if (has('AWS_ACCESS_KEY_ID') !== has('AWS_SECRET_ACCESS_KEY')) {
    const [there, absent] = has('AWS_ACCESS_KEY_ID')
      ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']
      : ['AWS_SECRET_ACCESS_KEY', 'AWS_ACCESS_KEY_ID'];
    return warn(name, `${there} is set and ${absent} is not, so neither is used`, `set ${absent} as well`);
  }
  if (has('AWS_ACCESS_KEY_ID')) return ok(name, 'an access key in the environment (AWS_ACCESS_KEY_ID)');
  if (has('AWS_WEB_IDENTITY_TOKEN_FILE')) return ok(name, 'a web identity token (AWS_WEB_IDENTITY_TOKEN_FILE)');
  if (has('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI') || has('AWS_CONTAINER_CREDENTIALS_FULL_URI')) {
    return ok(name, 'the role of the container (ECS or AWS Batch)');
  }
  return ok(name, 'the default profile, or the role of the machine');
}
