import { expect, test } from 'vitest';

import { buildTree, type Node, type SpanRow } from '@/screens/trace/tree';

import { diff } from './diff';
import { matchSpans } from './match';
import { differences } from './said';

const span = (id: string, parent_id: string | null, name: string): SpanRow => ({
  id, parent_id, name, label: name, type: null, status: 'OK', error: null, offset_ms: 0, duration_ms: 1, model: null, tokens: null, cost: null,
});
const names = (pairs: ReturnType<typeof matchSpans>) => pairs.map(({ depth, a, b }) => [depth, a?.span.id ?? null, b?.span.id ?? null]);
const nothing = () => undefined;

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
  const a = [span('r', null, 'root'), span('1', 'r', 'search'), span('2', 'r', 'search'), span('3', 'r', 'only a')];
  const b = [span('R', null, 'root'), span('B', 'R', 'only b'), span('Y', 'R', 'search'), span('Z', 'R', 'search'), span('W', 'Z', 'below')];
  const inputs: Record<string, string> = { 1: 'x', 2: 'y', Y: 'y', Z: 'z' };
  expect(names(matchSpans(buildTree(a), buildTree(b), ({ span }: Node) => inputs[span.id]))).toEqual([
    [0, 'r', 'R'],
    [1, null, 'B'],
    [1, '1', 'Z'],
    [2, null, 'W'],
    [1, '2', 'Y'],
    [1, '3', null],
  ]);
  expect(names(matchSpans(buildTree(a), buildTree(b), nothing)).filter(([, id]) => id === '1' || id === '2')).toEqual([[1, '1', 'Y'], [1, '2', 'Z']]);
});

test('a very deep trace, and one whose parents are missing', () => {
  const deep = Array.from({ length: 20_000 }, (_, at) => span(String(at), at === 0 ? null : String(at - 1), 'step'));
  expect(matchSpans(buildTree(deep), buildTree(deep), nothing)).toHaveLength(20_000);
  expect(names(matchSpans(buildTree([span('x', 'gone', 'lost')]), buildTree([]), nothing))).toEqual([[0, 'x', null]]);
});

test('differences in what was said, as far as it is loaded', () => {
  const said = (inputs: unknown, cut?: { chars: number; texts: number }) => ({ inputs, outputs: null, ...(cut ? { cut } : {}) });
  expect(differences(said({ q: 1 }), said({ q: 2 }))).toEqual({ inputs: true, outputs: false, isCut: false });
  expect(differences(said('long'), said('long', { chars: 5, texts: 1 }))).toEqual({ inputs: false, outputs: false, isCut: true });
  expect(differences(said('x'), undefined)).toBeNull();
});
