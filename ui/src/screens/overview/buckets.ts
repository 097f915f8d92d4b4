/** Intervals of time, and figures in them. */

import type { Schemas } from '@/api/client';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Round lengths of an interval. */
const LENGTHS = [1000, 5000, 10_000, 30_000, MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 30 * DAY];

export const MOST_BUCKETS = 48;

export interface Bounds {
  from: number;
  to: number;
}

/** The shortest round length of which the time has not too many. */
export function intervalFor({ from, to }: Bounds): number {
  const fits = LENGTHS.find((length) => (to - from) / length <= MOST_BUCKETS);
  return fits ?? Math.ceil((to - from) / MOST_BUCKETS / DAY) * DAY;
}

type Heatmap = Schemas['HeatmapView'];

export interface Bucket {
  start: number;
  end: number;
  /** `null` where nothing happened. */
  group: Schemas['StatsGroup'] | null;
}

/** All intervals side by side, also those without anything; over the asked time, or else over what there is. */
export function bucketsOf(table: Schemas['StatsTable'] | undefined, bounds: Bounds | null): Bucket[] {
  const length = table?.interval_ms ?? 0;
  if (!table || length <= 0) return [];
  const groups = new Map(table.groups.map((group) => [Date.parse(group.start ?? ''), group]));
  const starts = [...groups.keys()];
  const [only] = starts;
  if (!bounds && only !== undefined && starts.length === 1 && length < MINUTE) return around(only, table.groups[0] ?? null);
  const first = Math.floor((bounds?.from ?? Math.min(...starts)) / length) * length;
  const last = bounds ? bounds.to - 1 : Math.max(...starts);
  const buckets: Bucket[] = [];
  for (let start = first; start <= last && buckets.length < 2000; start += length) {
    buckets.push({ start, end: start + length, group: groups.get(start) ?? null });
  }
  return buckets;
}

/** Minutes shown before and after all there is, when that is one moment. */
export const AROUND_MOMENT = 7;

/** A moment is shown as its minute, among others. */
function around(moment: number, group: Bucket['group']): Bucket[] {
  const first = minuteOf(moment) - AROUND_MOMENT * MINUTE;
  return Array.from({ length: 2 * AROUND_MOMENT + 1 }, (_, at) => ({ start: first + at * MINUTE, end: first + (at + 1) * MINUTE, group: at === AROUND_MOMENT ? group : null }));
}

export function minuteOf(instant: number): number {
  return Math.floor(instant / MINUTE) * MINUTE;
}

/** A heatmap of one moment likewise, and room above and below where all took equally long. */
export function roomy(heatmap: Heatmap): { from: number; width: number; columns: number; column: number; rows: number; row: number } {
  const width = heatmap.bucket_ms ?? 0;
  const from = Date.parse(heatmap.start ?? '');
  const isMoment = heatmap.buckets === 1 && width < MINUTE;
  const fewRows = heatmap.durations_ms.length < 3;
  return {
    ...(isMoment ? { from: minuteOf(from) - AROUND_MOMENT * MINUTE, width: MINUTE, columns: 2 * AROUND_MOMENT + 1, column: AROUND_MOMENT } : { from, width, columns: heatmap.buckets, column: 0 }),
    rows: heatmap.durations_ms.length + (fewRows ? 4 : 0),
    row: fewRows ? 2 : 0,
  };
}

/** The part of a bucket that was asked for: what a link to its traces has to say. */
export function within({ start, end }: Pick<Bucket, 'start' | 'end'>, bounds: Bounds | null): Bounds {
  return bounds ? { from: Math.max(start, bounds.from), to: Math.min(end, bounds.to) } : { from: start, to: end };
}

/** Types of spans that are there for what is below them. */
const AROUND = new Set(['AGENT', 'CHAIN', 'WORKFLOW', 'TASK', '']);

/** The span name that takes most of the time, of those that do something themselves. */
export function bottleneck(groups: Schemas['StatsGroup'][]): Schemas['StatsGroup'] | null {
  const doing = groups.filter(({ values }) => !AROUND.has((values['span.type'] ?? '').toUpperCase()));
  return doing.reduce<Schemas['StatsGroup'] | null>((most, group) => ((group.duration?.sum_ms ?? 0) > (most?.duration?.sum_ms ?? 0) ? group : most), null);
}

const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The next round number, for the end of an axis. */
export function niceTop(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  // A little more than a round number is no reason for the next one.
  return (STEPS.find((step) => step * power >= most * 0.999) ?? 10) * power;
}
