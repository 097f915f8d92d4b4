import { expect, test } from 'vitest';

import { matchingEntries, traceIdIn, type Entry } from './palette-entries';

test('the id of a trace is found in what was pasted', () => {
  const id = '0af7651916cd43dd8448eb211c80319c';
  expect(traceIdIn(`tr-${id}`)).toBe(`tr-${id}`);
  expect(traceIdIn(id.toUpperCase())).toBe(`tr-${id}`);
  expect(traceIdIn(`http://127.0.0.1:5000/#/experiments/1/traces/tr-${id}?x`)).toBe(`tr-${id}`);
  expect(traceIdIn(`${id}0`)).toBeNull();
  expect(traceIdIn('portfolio')).toBeNull();
});

test('entries match by all words, the beginning first', () => {
  const entries = ['Theme: dark', 'All experiments', 'dark mode experiments'].map<Entry>((label) => ({ kind: 'action', label, run: () => undefined }));
  const labels = (text: string) => matchingEntries(entries, text).map((entry) => entry.label);
  expect(labels('')).toHaveLength(3);
  expect(labels('dark')).toEqual(['dark mode experiments', 'Theme: dark']);
  expect(labels('experiments all')).toEqual(['All experiments']);
});
