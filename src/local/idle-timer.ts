/** Calls back once there has been no client for a while. */
export interface IdleTimer {
  setClients(clients: number): void;
  /** Before this, nothing ends. */
  begin(): void;
}

export function startIdleTimer(idleMs: number, onIdle: () => void): IdleTimer {
  let clients = 0;
  let begun = false;
  let timer: NodeJS.Timeout | undefined;
  function arm(): void {
    clearTimeout(timer);
    timer = begun && clients === 0 ? setTimeout(onIdle, idleMs) : undefined;
  }
  return {
    setClients(now) {
      clients = now;
      arm();
    },
    begin() {
      begun = true;
      arm();
    },
  };
}
