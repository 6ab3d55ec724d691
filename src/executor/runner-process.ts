import { signalSession } from './process-group.ts';
import { createCommandStarter, type CommandStarter, type RunningCommand } from './run-command.ts';
import type { FromRunner, ToRunner } from './runner-protocol.ts';

/**
 * Entry of a process that runs commands, and nothing else: a fork copies the memory map of who forks, so who forks stays
 * small, and several of them start commands at the same time.
 */
const items = new Map<number, CommandStarter>();
const commands = new Map<number, RunningCommand>();

function send(message: FromRunner): void {
  // A line that is closed: its other end is gone, and so will be this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function start(message: Extract<ToRunner, { type: 'start' }>): Promise<void> {
  const { command } = message;
  const running = items.get(message.item)?.start(message.nested);
  if (running === undefined) throw new Error(`item ${message.item} is not open`);
  commands.set(command, running);
  send({ type: 'started', command, ...(running.pid === undefined ? {} : { pid: running.pid }) });
  const report = await running.ended;
  commands.delete(command);
  send({ type: 'ended', command, report });
}

async function close(item: number): Promise<void> {
  await items.get(item)?.close();
  items.delete(item);
  send({ type: 'closed', item });
}

process.on('message', (message: ToRunner) => {
  switch (message.type) {
    case 'open':
      items.set(message.item, createCommandStarter(message.work, message.name, message.env));
      return;
    case 'start':
      void start(message);
      return;
    case 'stop':
      commands.get(message.command)?.stop(message.cause, message.graceMs);
      return;
    case 'close':
      void close(message.item);
      return;
    default:
      throw new TypeError(`unknown message: ${JSON.stringify(message satisfies never)}`);
  }
});

/** The worker is gone, however it ended: no child outlives it. */
process.on('disconnect', () => {
  for (const { pid } of commands.values()) if (pid !== undefined) signalSession(pid, 'SIGKILL');
  process.exit(0);
});
