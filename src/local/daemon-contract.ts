/* What the process that starts a daemon and the daemon agree on. */

/** Another process serves the folder. */
export const EXIT_FOLDER_HELD = 3;
/** dynalite cannot be loaded. */
export const EXIT_MISSING = 4;
/** Sent to the parent once `server.json` tells where to find the daemon. */
export const LISTENING = 'listening';

export const LOCAL_REGION = 'us-east-1';
export const LOCAL_ACCOUNT_ID = '000000000000';
/** Nobody checks signatures: what admits a request is the access key id. */
export const LOCAL_SECRET_ACCESS_KEY = 'local';
export const LOG_NAME = 'server.log';
