/** Bytes that wait to be written, copied into blocks, so that many small chunks cost no more than their bytes. */
export interface Blocks {
  append(chunk: Uint8Array): void;
  /** Whether a block waits to be taken. */
  readonly ready: boolean;
  /** The oldest full block. */
  take(): Block | undefined;
  /** Lets a taken block be filled again. */
  giveBack(block: Block): void;
  /** Counts the block that is being filled as full. */
  flush(): void;
}

export interface Block {
  readonly bytes: Buffer;
  used: number;
}

/** Small, because most output that is too long for the record is not much longer. */
const FIRST_BLOCK = 16 * 1024;
const FULL_BLOCK = 256 * 1024;
const MAX_FREE = 8;

export function createBlocks(): Blocks {
  const free: Block[] = [];
  const full: Block[] = [];
  let current: Block = { bytes: Buffer.allocUnsafeSlow(FIRST_BLOCK), used: 0 };

  function append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      if (current.used === current.bytes.length) flush();
      const part = chunk.subarray(at, at + current.bytes.length - current.used);
      current.bytes.set(part, current.used);
      current.used += part.length;
      at += part.length;
    }
  }

  function flush(): void {
    full.push(current);
    current = free.pop() ?? { bytes: Buffer.allocUnsafeSlow(FULL_BLOCK), used: 0 };
    current.used = 0;
  }

  function giveBack(block: Block): void {
    if (block.bytes.length === FULL_BLOCK && free.length < MAX_FREE) free.push(block);
  }

  return {
    append,
    get ready() {
      return full.length > 0;
    },
    take: () => full.shift(),
    giveBack,
    flush,
  };
}
