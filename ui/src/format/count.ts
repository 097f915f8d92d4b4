const UNITS = ['', 'k', 'M', 'B', 'T'] as const;

/** A number of anything, in three or four signs: `999`, `1.2k`, `12.3k`, `123k`, `1.2M`; `–` when unknown. */
export function formatCount(count: number | null | undefined): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return '–';
  let value = count;
  let unit = 0;
  // 999.95 would be written as 1000.0.
  while (unit < UNITS.length - 1 && Math.abs(value) >= (unit === 0 ? 1000 : 999.5)) {
    value /= 1000;
    unit += 1;
  }
  if (unit === 0) return String(Math.round(value));
  const text = Math.abs(value) < 99.95 ? value.toFixed(1) : value.toFixed(0);
  return `${text.replace(/\.0$/, '')}${UNITS[unit] ?? ''}`;
}

/** Tokens are counted like everything else. */
export const formatTokens = formatCount;

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Every digit, for tooltips and totals: `1,234,567`. */
export function formatWhole(count: number): string {
  return whole.format(count);
}

/** A share from 0 to 1: `0%`, `<0.1%`, `4.2%`, `37%`. */
export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–';
  const percent = share * 100;
  if (percent === 0) return '0%';
  if (percent < 0.1) return '<0.1%';
  if (percent < 9.95) return `${percent.toFixed(1)}%`;
  // Not all is not "100%".
  return `${percent < 100 ? Math.min(99, Math.round(percent)) : 100}%`;
}

/** `512 B`, `1.5 KB`, `23.0 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes;
  let unit = -1;
  while (value >= 1023.95 && unit < 3) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${['KB', 'MB', 'GB', 'TB'][unit] ?? 'TB'}`;
}
