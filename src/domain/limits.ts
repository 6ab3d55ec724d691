/** Limits that users meet, in one place; docs/reference names them. */
export const STEP_PATTERN = /^[A-Za-z0-9._-]{1,64}$/;
export const MAX_STEPS = 100;
export const MAX_ID_BYTES = 200;
export const MAX_RECORD_BYTES = 300 * 1024;
export const MAX_NESTED = 10_000;
export const MAX_ABS_PRIORITY = 999;
export const MAX_STDERR_TAIL = 2048;
export const MAX_RESULT_BYTES = 2048;
/** Log, stderr tail and results above this go to a record of their own. */
export const OWN_OUTPUT_RECORD_BYTES = 512;
