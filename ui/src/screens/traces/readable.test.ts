import { expect, test } from 'vitest';

import { readable } from './readable';

test('previews are what was said', () => {
  expect(readable('{"message":"My order \\"13\\"\\nis late","lang":"en"}')).toBe('My order "13" is late');
  expect(readable('{"message":"cut off in the mid')).toBe('cut off in the mid');
  expect(readable('{"question": "cut in an escape \\u00')).toBe('cut in an escape');
  expect(readable('"just a text"')).toBe('just a text');
  expect(readable('plain  words')).toBe('plain words');
  expect(readable('{"rows":[1,2]}')).toBe('{"rows":[1,2]}');
  expect(readable('{"message":{"deep":1}}')).toBe('{"message":{"deep":1}}');
});
