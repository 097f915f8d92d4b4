const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const day = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric' });
const dayOfYear = new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', year: 'numeric' });

/** How long ago: `now`, `12s ago`, `5m ago`, `3h ago`, `2d ago`, then the day; `in 5m` where clocks differ; `–` when unknown. */
export function formatRelative(instant: string | number | null | undefined, now: number): string {
  const at = millisOf(instant);
  if (at === null) return '–';
  const seconds = Math.round((now - at) / 1000);
  if (Math.abs(seconds) < 7 * DAY) {
    if (seconds < -30) return `in ${roughly(-seconds)}`;
    return seconds < 5 ? 'now' : `${roughly(seconds)} ago`;
  }
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear();
  return (sameYear ? day : dayOfYear).format(at);
}

function roughly(seconds: number): string {
  if (seconds < MINUTE) return `${seconds}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h`;
  return `${Math.floor(seconds / DAY)}d`;
}

/** The reader's own clock, to the millisecond: `2026-11-20 22:44:25.267`. */
export function formatAbsolute(instant: string | number | null | undefined): string {
  const at = millisOf(instant);
  if (at === null) return '–';
  const date = new Date(at);
  const two = (part: number) => String(part).padStart(2, '0');
  const days = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${days} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** A mark on an axis of that many milliseconds: `22:44:25.267`, `22:44:25`, `22:44`, `Nov 20 22:44` or `Nov 20`. */
export function formatTick(instant: number, span: number): string {
  const text = formatAbsolute(instant);
  if (span <= 10_000) return text.slice(11, 23);
  if (span <= 10 * MINUTE * 1000) return text.slice(11, 19);
  if (span <= DAY * 1000) return text.slice(11, 16);
  if (span <= 10 * DAY * 1000) return `${day.format(instant)} ${text.slice(11, 16)}`;
  return day.format(instant);
}

function millisOf(instant: string | number | null | undefined): number | null {
  if (instant === null || instant === undefined) return null;
  const at = typeof instant === 'number' ? instant : Date.parse(instant);
  return Number.isNaN(at) ? null : at;
}
