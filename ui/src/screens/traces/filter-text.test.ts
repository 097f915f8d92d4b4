import { describe, expect, test } from 'vitest';

import { and, equals, hasText, parts, toggled, valuesOf, withValues } from './filter-text';

describe('filters as text', () => {
  test('parts are what must all hold', () => {
    expect(parts("status = 'OK' AND name = 'a AND b' and (x = 1 AND y = 2)")).toEqual(["status = 'OK'", "name = 'a AND b'", '(x = 1 AND y = 2)']);
    expect(parts("a = 1 AND b = 2 OR c = 3")).toEqual(['a = 1 AND b = 2 OR c = 3']);
    expect(parts('  ')).toEqual([]);
  });

  test('what is joined keeps its meaning', () => {
    expect(and("a = '1' OR b = '2'", "status = 'OK'")).toBe("(a = '1' OR b = '2') AND status = 'OK'");
    expect(and('', "status = 'OK'")).toBe("status = 'OK'");
  });

  test('values come and go', () => {
    const one = toggled("execution_time > 5", 'state', 'ERROR');
    expect(one).toBe("execution_time > 5 AND status = 'ERROR'");
    const two = toggled(one, 'state', 'OK');
    expect(two).toBe("execution_time > 5 AND (status = 'ERROR' OR status = 'OK')");
    expect(valuesOf(two, 'state')).toEqual(['ERROR', 'OK']);
    expect(toggled(toggled(two, 'state', 'ERROR'), 'state', 'OK')).toBe('execution_time > 5');
  });

  test('what somebody wrote otherwise is left alone', () => {
    const written = "status != 'OK' AND status = 'ERROR' OR name = 'x'";
    expect(valuesOf(written, 'state')).toEqual([]);
    expect(withValues(written, 'user', ['u'])).toBe(`(${written}) AND metadata.\`mlflow.trace.user\` = 'u'`);
  });

  test('keys and values are quoted as they need it', () => {
    expect(equals('tag.env', 'prod')).toBe("tags.env = 'prod'");
    expect(equals('tag.deployment.environment.name', "it's")).toBe('tags.deployment.environment.name = "it\'s"');
    expect(equals('tag.a b', 'c')).toBe("tags.`a b` = 'c'");
    expect(equals('span.model', 'gpt-4o')).toBe("span.model = 'gpt-4o'");
  });

  test('words may have quotes of both kinds', () => {
    expect([hasText('due'), hasText("it's"), hasText(`it's "due"`)]).toEqual(["trace.text ILIKE '%due%'", 'trace.text ILIKE "%it\'s%"', `trace.text ILIKE '%it_s "due"%'`]);
  });
});
