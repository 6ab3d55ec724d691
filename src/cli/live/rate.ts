const BUCKET_MS = 5000;
const BUCKETS = 12;

/** Ends counted over the last minute, in a fixed ring of five-second buckets; changed in place. */
export interface Rate {
  readonly counts: number[];
  /** Number of the newest bucket since the epoch. */
  newest: number;
  readonly startedAt: number;
}

/** `startedAt`: instant from which ends are counted, epoch ms. */
export function createRate(startedAt: number): Rate {
  return { counts: Array.from({ length: BUCKETS }, () => 0), newest: Math.floor(startedAt / BUCKET_MS), startedAt };
}

/** Counts one end at `at`; a clock that went back counts into the newest bucket. */
export function countEnd(rate: Rate, at: number): void {
  advance(rate, at);
  const place = rate.newest % BUCKETS;
  rate.counts[place] = (rate.counts[place] ?? 0) + 1;
}

/** Ends per minute, over the last minute or as long as it has counted when that is shorter (10 s at least). */
export function perMinute(rate: Rate, now: number): number {
  const oldest = Math.floor(now / BUCKET_MS) - BUCKETS;
  let ends = 0;
  for (let bucket = rate.newest; bucket > rate.newest - BUCKETS && bucket > oldest; bucket -= 1) {
    ends += rate.counts[((bucket % BUCKETS) + BUCKETS) % BUCKETS] ?? 0;
  }
  const window = Math.min(BUCKETS * BUCKET_MS, Math.max(10_000, now - rate.startedAt));
  return (ends * 60_000) / window;
}

function advance(rate: Rate, at: number): void {
  const bucket = Math.floor(at / BUCKET_MS);
  if (!(bucket > rate.newest)) return;
  const gone = Math.min(BUCKETS, bucket - rate.newest);
  for (let i = 0; i < gone; i += 1) rate.counts[(bucket - i) % BUCKETS] = 0;
  rate.newest = bucket;
}
