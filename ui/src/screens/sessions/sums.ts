import type { Schemas } from '@/api/client';

export interface Sums {
  turns: number;
  errors: number;
  /** From the first start to the last known end. */
  durationMs: number;
  tokens: number | null;
  cost: number | null;
}

/** Of all turns of a session; unknown when no turn knows. */
export function sumsOf(turns: Schemas['TraceRow'][]): Sums {
  const starts = turns.map(({ start }) => Date.parse(start));
  const ends = turns.map(({ start, duration_ms }) => Date.parse(start) + (duration_ms ?? 0));
  return {
    turns: turns.length,
    errors: turns.filter(({ state }) => state === 'ERROR').length,
    durationMs: turns.length === 0 ? 0 : latest(ends) - -latest(starts.map((start) => -start)),
    tokens: sum(turns.map(({ tokens }) => tokens?.total ?? null)),
    cost: sum(turns.map(({ cost }) => cost?.total ?? null)),
  };
}

function latest(instants: number[]): number {
  return instants.reduce((left, right) => Math.max(left, right), -Infinity);
}

function sum(values: (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
