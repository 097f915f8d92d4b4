import { describe, expect, test } from 'vitest';

import { formatAbsolute, formatBytes, formatCost, formatCostPrecisely, formatCount, formatDuration, formatRelative, formatShare, formatTick } from './index';

const cases = <T,>(format: (value: T) => string, expected: [T, string][]) => {
  for (const [value, text] of expected) expect([value, format(value)]).toEqual([value, text]);
};

describe('one form per quantity', () => {
  test('durations', () => {
    cases(formatDuration, [
      [0, '0ms'], [0.004, '0.00ms'], [0.4512, '0.45ms'], [26.45, '26.45ms'], [99.996, '100.0ms'], [154.32, '154.3ms'],
      [999.96, '1.00s'], [8070, '8.07s'], [59_996, '1m 00s'], [124_000, '2m 04s'], [3_599_600, '1h 00m'],
      [11_100_000, '3h 05m'], [null, '–'], [Number.NaN, '–'],
    ]);
  });
  test('counts and tokens', () => {
    cases(formatCount, [
      [0, '0'], [999, '999'], [1000, '1k'], [1234, '1.2k'], [12_345, '12.3k'], [99_960, '100k'], [123_456, '123k'],
      [999_600, '1M'], [1_234_567, '1.2M'], [null, '–'],
    ]);
  });
  test('costs', () => {
    cases(formatCost, [
      [0, '$0'], [0.0027, '$0.0027'], [0.000458, '$0.00046'], [0.0000001, '<$0.000001'], [0.034, '$0.034'],
      [0.12, '$0.12'], [0.999, '$1.00'], [3.4, '$3.40'], [1234, '$1.2k'], [undefined, '–'],
    ]);
  });
  test('costs to be reckoned after', () => {
    cases(formatCostPrecisely, [[0, '$0.00'], [1.0199999999999999e-5, '$0.0000102'], [0.15, '$0.15'], [10, '$10.00'], [2.5, '$2.50'], [1234.5678, '$1,234.57'], [0.000123456789, '$0.000123457'], [null, '–']]);
  });
  test('shares', () => {
    cases(formatShare, [[0, '0%'], [0.0004, '<0.1%'], [0.042, '4.2%'], [0.37, '37%'], [0.999, '99%'], [1, '100%'], [null, '–']]);
  });
  test('bytes', () => {
    cases(formatBytes, [[512, '512 B'], [1536, '1.5 KB'], [24_117_248, '23.0 MB'], [1_048_575, '1.0 MB']]);
  });
  test('how long ago', () => {
    const now = new Date(2026, 10, 20, 12, 0, 0).getTime();
    const ago = (seconds: number) => formatRelative(now - seconds * 1000, now);
    expect([0, 12, 300, 3 * 3600, 2 * 86_400].map(ago)).toEqual(['now', '12s ago', '5m ago', '3h ago', '2d ago']);
    expect(ago(30 * 86_400)).toBe('Oct 21');
    expect(ago(400 * 86_400)).toBe('Oct 16, 2025');
    expect(formatRelative('nonsense', now)).toBe('–');
    expect([20, 120, 3 * 86_400].map((seconds) => formatRelative(now + seconds * 1000, now))).toEqual(['now', 'in 2m', 'in 3d']);
  });
  test('instants and marks of an axis', () => {
    const at = new Date(2026, 10, 20, 22, 44, 25, 267).getTime();
    expect(formatAbsolute(at)).toBe('2026-11-20 22:44:25.267');
    expect([5000, 60_000, 3_600_000, 3 * 86_400_000, 90 * 86_400_000].map((span) => formatTick(at, span))).toEqual([
      '22:44:25.267', '22:44:25', '22:44', 'Nov 20 22:44', 'Nov 20',
    ]);
  });
});
