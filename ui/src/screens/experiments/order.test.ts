import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { found, sorted } from './order';

const made = (id: string, name: string, traces: number, errors: number, last: string | null): Schemas['ExperimentView'] => ({
  id, name, traces, errors, last_activity: last, tags: { team: `t${id}` }, created: '2026-01-01T00:00:00Z', updated: '2026-01-01T00:00:00Z', deleted: false,
});
const all = [made('1', 'Shop bot', 10, 5, '2026-01-02T00:00:00Z'), made('2', 'docs', 100, 1, '2026-01-03T00:00:00Z'), made('3', 'empty', 0, 0, null)];
const ids = (list: Schemas['ExperimentView'][]) => list.map(({ id }) => id).join('');

test('experiments are found by words of name and tags', () => {
  expect(ids(found(all, 'bot shop'))).toBe('1');
  expect(ids(found(all, 't2'))).toBe('2');
  expect(ids(found(all, ''))).toBe('123');
});

test('the order is by what is shown, the unknown last when descending', () => {
  expect(ids(sorted(all, 'last_activity', true))).toBe('213');
  expect(ids(sorted(all, 'errors', true))).toBe('123');
  expect(ids(sorted(all, 'name', false))).toBe('231');
});
