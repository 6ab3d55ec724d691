import { createCommandStarter } from './run-command.ts';
import { runItem } from './run-item.ts';
import type { FromThread, ThreadTask, ToThread } from './thread-task.ts';

/** Entry of a pool thread: runs one item, several may run side by side. */
export default async function superviseItem({ work, name, port, pids }: ThreadTask): Promise<void> {
  function post(message: FromThread): void {
    port.postMessage(message);
  }

  post({ type: 'alive' });
  try {
    const commands = createCommandStarter(work, name);
    const run = runItem(work, {
      start: commands.start,
      post,
      track: (place, pid) => {
        pids[place] = pid;
      },
    });
    port.on('message', (message: ToThread) => run.receive(message));
    const end = await run.ended;
    await commands.close();
    post({ type: 'end', end });
  } finally {
    port.close();
  }
}
