import { describe, expect, test } from 'vitest';

import { operatorsOf, placeAt, propertyOf } from './completion';

/** The cursor is where the bar is. */
function at(text: string) {
  const cursor = text.indexOf('|');
  const { kind, typed, key } = placeAt(text.replace('|', ''), cursor);
  return [kind, typed, key];
}

describe('what can come next in a filter', () => {
  test('keys at the beginning, after joiners and in parentheses', () => {
    expect(at('|')).toEqual(['key', '', '']);
    expect(at('sta|')).toEqual(['key', 'sta', '']);
    expect(at("status = 'OK' AND |")).toEqual(['key', '', '']);
    expect(at("status = 'OK' AND (tags.en|")).toEqual(['key', 'tags.en', '']);
    expect(at('NOT |')).toEqual(['key', '', '']);
  });
  test('operators after a key', () => {
    expect(at('status |')).toEqual(['operator', '', 'status']);
    expect(at('tags.`a b` LI|')).toEqual(['operator', 'LI', 'tags.`a b`']);
  });
  test('values after an operator, in lists too', () => {
    expect(at('status = |')).toEqual(['value', '', 'status']);
    expect(at('status =|')).toEqual(['value', '', 'status']);
    expect(at("status = 'ER|")).toEqual(['value', 'ER', 'status']);
    expect(at("status IN ('OK', |")).toEqual(['value', '', 'status']);
    expect(at("span.name NOT IN ('a")).toBeDefined();
  });
  test('joiners after a value', () => {
    expect(at("status = 'OK' |")).toEqual(['joiner', '', 'status']);
    expect(at("status = 'OK'|")).toEqual(['joiner', '', '']);
    expect(at("status IN ('OK') A|")).toEqual(['joiner', 'A', 'status']);
  });
  test('keys know their values and operators', () => {
    expect(propertyOf('tags.env')).toBe('tag.env');
    expect(propertyOf('tags.`a b`')).toBe('tag.a b');
    expect(propertyOf('metadata.`mlflow.trace.user`')).toBe('user');
    expect(propertyOf('trace.text')).toBeNull();
    expect(operatorsOf('execution_time_ms')[0]).toBe('>');
    expect(operatorsOf('trace.text')).toEqual(['ILIKE', 'LIKE']);
  });
});
