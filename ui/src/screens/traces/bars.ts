import type { Schemas } from '@/api/client';

export interface Bar {
  start: number;
  end: number;
  count: number;
  errors: number;
}

export interface Bars {
  bars: Bar[];
  /** What the axis reaches over. */
  from: number;
  to: number;
  /** Traces in the highest bar. */
  most: number;
}

/** Bars with something in them, over the chosen time or else over all matches. */
export function barsOf(histogram: Schemas['HistogramView'] | null | undefined, bounds: { from: number; to: number } | null): Bars {
  const width = histogram?.bucket_ms ?? 0;
  const bars = (histogram?.buckets ?? []).map<Bar>(({ start, count, states }) => {
    const at = Date.parse(start);
    return { start: at, end: at + width, count, errors: states.ERROR ?? 0 };
  });
  const from = bounds?.from ?? bars[0]?.start ?? 0;
  const to = bounds?.to ?? bars.at(-1)?.end ?? 0;
  return { bars: bars.filter((bar) => bar.count > 0), from, to, most: Math.max(1, ...bars.map((bar) => bar.count)) };
}
