import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { diff } from './diff';
import { differences, matchSpans } from './match';

const span = (id: string, parent_id: string | null, name: string, inputs: unknown = null) => ({ id, parent_id, name, type: null, inputs, outputs: null }) as Schemas['SpanView'];
const names = (pairs: ReturnType<typeof matchSpans>) => pairs.map(({ depth, a, b }) => [depth, a?.id ?? null, b?.id ?? null]);

test('texts give back both sides, and only what differs is told apart', () => {
  const [a, b] = ['the quick brown fox', 'the slow brown fox jumps'];
  const pieces = diff(a, b);
  expect(pieces.filter(({ side }) => side !== 'b').map(({ text }) => text).join('')).toBe(a);
  expect(pieces.filter(({ side }) => side !== 'a').map(({ text }) => text).join('')).toBe(b);
  expect(pieces.filter(({ side }) => side === 'a')).toEqual([{ text: 'quick', side: 'a' }]);
  expect(diff('', '')).toEqual([]);
  expect(diff('same', 'same')).toEqual([{ text: 'same', side: 'both' }]);
});

test('very different long texts are still answered', () => {
  const [a, b] = ['a '.repeat(20_000), 'b\n'.repeat(20_000)];
  expect(diff(a, b).filter(({ side }) => side !== 'b').map(({ text }) => text).join('')).toBe(a);
});

test('spans are matched by name, same inputs first, and the others stand alone', () => {
  const a = [span('r', null, 'root'), span('1', 'r', 'search', 'x'), span('2', 'r', 'search', 'y'), span('3', 'r', 'only a')];
  const b = [span('R', null, 'root'), span('B', 'R', 'only b'), span('Y', 'R', 'search', 'y'), span('Z', 'R', 'search', 'z'), span('W', 'Z', 'below')];
  expect(names(matchSpans(a, b))).toEqual([
    [0, 'r', 'R'],
    [1, null, 'B'],
    [1, '1', 'Z'],
    [2, null, 'W'],
    [1, '2', 'Y'],
    [1, '3', null],
  ]);
});

test('a very deep trace, and one whose parents are missing', () => {
  const deep = Array.from({ length: 20_000 }, (_, at) => span(String(at), at === 0 ? null : String(at - 1), 'step'));
  expect(matchSpans(deep, deep)).toHaveLength(20_000);
  expect(names(matchSpans([span('x', 'gone', 'lost')], []))).toEqual([[0, 'x', null]]);
});

test('differences in what was said', () => {
  expect(differences({ depth: 0, a: span('1', null, 'n', { q: 1 }), b: span('2', null, 'n', { q: 2 }) })).toEqual({ inputs: true, outputs: false });
});
