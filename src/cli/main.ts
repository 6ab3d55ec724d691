#!/usr/bin/env node
import { processIo } from './io.ts';
import { isBrokenPipe, reportError } from './errors.ts';
import { runCli } from './program.ts';

// `anamo items | head`: a reader that hung up is no error, and nothing is left to say to it.
process.stdout.on('error', (error) => {
  if (!isBrokenPipe(error)) process.exitCode = reportError(error, processIo(), { json: false, debug: false });
});

process.exitCode = await runCli(process.argv.slice(2), processIo());
