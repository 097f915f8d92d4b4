/** Which part of a trace the timeline shows, in milliseconds after the trace began. */

import { endOf, type Node } from './tree';

export interface View {
  from: number;
  to: number;
}

/** Shorter ones would show nothing but rounding. */
const SHORTEST_MS = 0.001;

/** The part within the whole; `null` where it is all of it. */
export function clipped(part: View, whole: View): View | null {
  const length = Math.max(SHORTEST_MS, Math.min(part.to - part.from, whole.to - whole.from));
  if (length >= whole.to - whole.from) return null;
  const from = Math.min(Math.max(part.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** The view made so many times as long around an instant. */
export function scaled({ from, to }: View, by: number, around: number): View {
  const middle = Math.min(to, Math.max(from, around));
  return { from: middle - (middle - from) * by, to: middle + (to - middle) * by };
}

export function moved({ from, to }: View, share: number): View {
  const by = (to - from) * share;
  return { from: from + by, to: to + by };
}

/** Round instants within the view, counted from `start`. */
export function ticks({ from, to }: View, start: number, most: number): number[] {
  const length = to - from;
  if (length <= 0) return [];
  const least = length / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5, 10].find((times) => times * power >= least) ?? 10) * power;
  const first = Math.ceil((from - start) / step);
  const last = Math.floor((to - start) / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => start + (first + at) * step);
}

/** A stretch of a line of the small picture; places are shares of the whole. */
export interface Stretch {
  line: number;
  from: number;
  to: number;
  isError: boolean;
}

const COLUMNS = 300;

/** All rows as a picture of few lines, however many rows there are. */
export function picture(rows: Node[], whole: View, lines: number): Stretch[] {
  const length = whole.to - whole.from;
  if (length <= 0) return [];
  const count = Math.min(lines, rows.length);
  // 0 for nothing, 1 for a span, 2 for one that failed.
  const cells = new Uint8Array(count * COLUMNS);
  rows.forEach(({ span }, row) => {
    const line = Math.floor((row * count) / rows.length);
    const first = columnOf(span.offset_ms);
    const last = Math.max(first, span.duration_ms === null ? COLUMNS - 1 : columnOf(endOf(span)));
    const mark = span.status === 'ERROR' ? 2 : 1;
    for (let at = line * COLUMNS + first; at <= line * COLUMNS + last; at += 1) cells[at] = Math.max(cells[at] ?? 0, mark);
  });
  const found: Stretch[] = [];
  for (let line = 0; line < count; line += 1) {
    for (let at = 0; at < COLUMNS; ) {
      const mark = cells[line * COLUMNS + at] ?? 0;
      let end = at + 1;
      while (end < COLUMNS && cells[line * COLUMNS + end] === mark) end += 1;
      if (mark > 0) found.push({ line, from: at / COLUMNS, to: end / COLUMNS, isError: mark === 2 });
      at = end;
    }
  }
  return found;

  function columnOf(instant: number): number {
    return Math.min(COLUMNS - 1, Math.max(0, Math.floor(((instant - whole.from) / length) * COLUMNS)));
  }
}

/** What of a span none of its children accounts for; `null` while it runs. */
export function selfTime({ span, children }: Node): number | null {
  if (span.duration_ms === null) return null;
  const end = endOf(span);
  let covered = 0;
  let until = span.offset_ms;
  for (const { span: child } of [...children].sort((a, b) => a.span.offset_ms - b.span.offset_ms)) {
    const from = Math.max(until, child.offset_ms);
    const to = Math.min(end, child.duration_ms === null ? end : endOf(child));
    if (to > from) covered += to - from;
    until = Math.max(until, to);
  }
  return span.duration_ms - covered;
}
