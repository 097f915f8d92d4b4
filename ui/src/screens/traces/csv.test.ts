import { expect, test } from 'vitest';

import { csvLine, recordsOf } from './csv';

test('a stream is a table only when it came to its end', () => {
  const head = '{"export":{"columns":[{"name":"id","type":"text"},{"name":"n","type":"integer"}]}}\n["tr-1",2]\n';
  expect(() => recordsOf(head)).toThrow('cut off');
  expect(recordsOf(`${head}{"export":{"complete":true}}\n`)).toEqual([['id', 'n'], ['tr-1', 2]]);
});

test('cells keep to themselves and are no formulas', () => {
  expect(csvLine(['a,b', 'say "x"', null, -1, '=HYPERLINK("http://evil")'])).toBe('"a,b","say ""x""",,-1,"\'=HYPERLINK(""http://evil"")"\r\n');
});
