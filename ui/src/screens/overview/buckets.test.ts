import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { bottleneck, bucketsOf, intervalFor, MOST_BUCKETS, niceTop, roomy, within } from './buckets';

test('an interval fits its range, from a minute to years', () => {
  for (const length of [60_000, 900_000, 3_600_000, 86_400_000, 30 * 86_400_000, 4000 * 86_400_000]) {
    expect(length / intervalFor({ from: 0, to: length })).toBeLessThanOrEqual(MOST_BUCKETS);
  }
  expect(intervalFor({ from: 0, to: 86_400_000 })).toBe(1_800_000);
});

const group = (part: object) => ({ values: {}, count: 1, errors: 0, ...part }) as Schemas['StatsGroup'];

test('empty intervals are there, and say that nothing is known', () => {
  const table = { interval_ms: 1000, more: false, groups: [group({ start: '1970-01-01T00:00:01Z' }), group({ start: '1970-01-01T00:00:04Z' })] };
  expect(bucketsOf(table, null).map(({ start, group }) => [start, group?.count ?? null])).toEqual([[1000, 1], [2000, null], [3000, null], [4000, 1]]);
  expect(bucketsOf(table, { from: 500, to: 6000 }).map(({ start }) => start)).toEqual([0, 1000, 2000, 3000, 4000, 5000]);
  expect(bucketsOf({ interval_ms: null, more: false, groups: [] }, null)).toEqual([]);
});

test('a single moment stands among other minutes', () => {
  const moment = Date.parse('2026-11-28T13:46:43.060Z');
  const minute = Date.parse('2026-11-28T13:46:00Z');
  const buckets = bucketsOf({ interval_ms: 1, more: false, groups: [group({ start: '2026-11-28T13:46:43.060Z' })] }, null);
  expect(buckets.flatMap(({ start, end, group }) => (group ? [[start, end]] : []))).toEqual([[minute, minute + 60_000]]);
  expect(buckets.length).toBe(15);
  const { from, width, column, columns, row, rows } = roomy({ start: new Date(moment).toISOString(), bucket_ms: 1, buckets: 1, durations_ms: [192], cells: [[0, 0, 1]] });
  expect([from + column * width, columns, row, rows]).toEqual([minute, 15, 2, 5]);
  const wide = { start: '2026-11-28T13:46:43.060Z', bucket_ms: 1000, buckets: 9, durations_ms: [1, 2, 4], cells: [] };
  expect(roomy(wide)).toEqual({ from: moment, width: 1000, columns: 9, column: 0, rows: 3, row: 0 });
});

test('a link asks for no more than was shown', () => {
  expect(within({ start: 0, end: 1000 }, { from: 300, to: 900 })).toEqual({ from: 300, to: 900 });
  expect(within({ start: 0, end: 1000 }, null)).toEqual({ from: 0, to: 1000 });
});

test('the bottleneck does something itself', () => {
  const spans = [
    group({ values: { 'span.type': 'AGENT' }, duration: { sum_ms: 90 } }),
    group({ values: { 'span.type': 'TOOL' }, duration: { sum_ms: 20 } }),
    group({ values: { 'span.type': 'LLM' }, duration: { sum_ms: 30 } }),
  ];
  expect(bottleneck(spans)).toBe(spans[2]);
  expect(bottleneck(spans.slice(0, 1))).toBeNull();
});

test('an axis ends at a round number that all of it fits below', () => {
  expect([16, 43_300, 31_100, 0.0203, 1, 100, 999, 0].map(niceTop).map((top) => Number(top.toPrecision(6)))).toEqual([20, 50_000, 40_000, 0.03, 1, 100, 1000, 1]);
});
