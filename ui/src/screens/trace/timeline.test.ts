import { expect, test } from 'vitest';

import { clipped, moved, picture, scaled, selfTime, ticks } from './timeline';
import { buildTree, visibleRows, type SpanRow } from './tree';

const whole = { from: 0, to: 1000 };

test('a view stays within the trace, and all of it is none', () => {
  expect(clipped({ from: -50, to: 150 }, whole)).toEqual({ from: 0, to: 200 });
  expect(clipped({ from: 950, to: 1150 }, whole)).toEqual({ from: 800, to: 1000 });
  expect(clipped({ from: -1, to: 1001 }, whole)).toBeNull();
  expect(clipped({ from: 5, to: 5 }, whole)).toEqual({ from: 5, to: 5.001 });
});

test('zooming keeps what is pointed at, moving keeps the length', () => {
  expect(scaled({ from: 0, to: 1000 }, 0.5, 800)).toEqual({ from: 400, to: 900 });
  expect(scaled({ from: 400, to: 900 }, 2, 800)).toEqual({ from: 0, to: 1000 });
  expect(moved({ from: 100, to: 200 }, 0.5)).toEqual({ from: 150, to: 250 });
});

test('marks of the axis are round, and not too many', () => {
  expect(ticks({ from: 0, to: 970 }, 0, 5)).toEqual([0, 200, 400, 600, 800]);
  expect(ticks({ from: 13, to: 14 }, 3, 5).map((at) => at.toFixed(6))).toEqual(['13.000000', '13.200000', '13.400000', '13.600000', '13.800000', '14.000000']);
  expect(ticks({ from: 5, to: 5 }, 0, 5)).toEqual([]);
});

const span = (id: string, parent: string | null, from: number, length: number | null, status = 'OK'): SpanRow => ({
  id, parent_id: parent, name: id, label: id, type: null, status, error: null, offset_ms: from, duration_ms: length, model: null, tokens: null, cost: null,
});

test('the small picture has as many lines as fit, and shows errors', () => {
  const spans = Array.from({ length: 5000 }, (_, at) => span(`s${at}`, null, at, 1, at === 4999 ? 'ERROR' : 'OK'));
  const found = picture(visibleRows(buildTree(spans).roots, new Set()), { from: 0, to: 5000 }, 20);
  expect(new Set(found.map(({ line }) => line)).size).toBe(20);
  expect(found.filter(({ isError }) => isError)).toEqual([{ line: 19, from: 299 / 300, to: 1, isError: true }]);
  expect(picture(visibleRows(buildTree([span('a', null, 250, 500)]).roots, new Set()), whole, 20)).toEqual([{ line: 0, from: 75 / 300, to: 226 / 300, isError: false }]);
});

test('a span has for itself what its children leave', () => {
  const tree = buildTree([span('root', null, 0, 100), span('a', 'root', 10, 30), span('b', 'root', 20, 40), span('late', 'root', 90, 50), span('open', null, 0, null)]);
  expect(tree.roots.map(selfTime)).toEqual([40, null]);
});
