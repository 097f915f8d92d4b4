import { expect, test } from 'vitest';

import { formOf, textOf, valueOf } from './assessment-value';

test('a value is changed in the form it was given in', () => {
  expect([['ok', true], ['rating', 4], ['rating', 7], ['rating', 4.5], ['score', 4], ['comment', 'fine'], ['facts', ['a']]].map(([name, value]) => formOf(String(name), value))).toEqual([
    'thumbs', 'stars', 'number', 'number', 'number', 'text', 'json',
  ]);
});

test('what is typed is a value only when it is one of its form', () => {
  expect([valueOf('number', ' 0.25 '), valueOf('number', 'much'), valueOf('number', ''), valueOf('stars', '5'), valueOf('thumbs', 'false'), valueOf('thumbs', '1')]).toEqual([0.25, undefined, undefined, 5, false, undefined]);
  expect([valueOf('json', '{"a": [1]}'), valueOf('json', '{a'), valueOf('text', 'true'), valueOf('text', '  ')]).toEqual([{ a: [1] }, undefined, 'true', undefined]);
  for (const value of [true, 3, ['x'], null]) expect(valueOf('json', textOf(value))).toEqual(value);
});
