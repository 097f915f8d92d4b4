const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A length of time in milliseconds: `0.45ms`, `26.45ms`, `8.07s`, `2m 04s`, `3h 05m`; `–` when unknown. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  if (ms === 0) return '0ms';
  if (ms < 99.995) return `${ms.toFixed(2)}ms`;
  if (ms < 999.95) return `${ms.toFixed(1)}ms`;
  if (ms < 59_995) return `${(ms / 1000).toFixed(2)}s`;
  const seconds = Math.round(ms / 1000);
  if (ms < HOUR - 500) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.round(ms / MINUTE);
  return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}
