import { runItem } from './run-item.ts';
import { createRunners, type Runners } from './runners.ts';
import type { FromThread, ThreadTask, ToThread } from './thread-task.ts';

/** One set a thread, shared by the items that it supervises. */
let runners: Runners | undefined;

/** Entry of a pool thread: runs one item, several may run side by side. */
export default async function superviseItem({ work, name, port, pids, runnerLimit }: ThreadTask): Promise<void> {
  function post(message: FromThread): void {
    port.postMessage(message);
  }

  post({ type: 'alive' });
  try {
    runners ??= createRunners(runnerLimit);
    const commands = runners.open(work, name);
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
