import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { ofSession, readOrder, writeOrder } from './address';
import { said } from './said';
import { sumsOf } from './sums';

test('an order is read as it was written, and what is unknown is the assumed one', () => {
  for (const order of [{ key: 'tokens', descending: true }, { key: 'first', descending: false }] as const) {
    expect(readOrder({ sort: writeOrder(order) })).toEqual(order);
  }
  expect(writeOrder(readOrder({}))).toBe('');
  expect(readOrder({ sort: 'nonsense asc' })).toEqual({ key: 'last', descending: true });
});

test('a session with any quotes can be asked for', () => {
  expect(ofSession('a')).toMatch(/ = 'a'$/);
  expect(ofSession("it's")).toMatch(/ = "it's"$/);
  expect(ofSession(`"it's"`)).toMatch(/ LIKE '"it_s"'$/);
});

test('a preview says what is in its JSON, and keeps its lines', () => {
  expect(said('a\nb')).toBe('a\nb');
  expect(said('"a\\nb"')).toBe('a\nb');
  expect(said('{"message":"hello","page":1}')).toBe('hello');
  expect(said('{"message":"hel...')).toBe('hel...');
  expect(said('{"n":1}')).toBe('{"n":1}');
});

test('sums are over what is known', () => {
  const turn = (start: string, duration_ms: number | null, total: number | null, state: string) =>
    ({ start, duration_ms, state, tokens: total === null ? null : { total }, cost: null }) as Schemas['TraceRow'];
  const turns = [turn('2026-01-01T00:00:00Z', 500, 3, 'OK'), turn('2026-01-01T00:00:10Z', null, null, 'ERROR'), turn('2026-01-01T00:00:05Z', 9000, 4, 'OK')];
  expect(sumsOf(turns)).toEqual({ turns: 3, errors: 1, durationMs: 14_000, tokens: 7, cost: null });
  expect(sumsOf([])).toEqual({ turns: 0, errors: 0, durationMs: 0, tokens: null, cost: null });
});
