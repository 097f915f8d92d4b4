/** What was said in two spans, and whether it differs. */

import type { Schemas } from '@/api/client';

/** A span as it is loaded, with long texts cut off, or not yet. */
export type Said = Pick<Schemas['SpanView'], 'inputs' | 'outputs' | 'cut'> | null | undefined;

/** What of a matched pair differs; `null` where either is not loaded. */
export function differences(a: Said, b: Said): { inputs: boolean; outputs: boolean; isCut: boolean } | null {
  if (!a || !b) return null;
  const differs = (left: unknown, right: unknown) => JSON.stringify(left) !== JSON.stringify(right);
  return { inputs: differs(a.inputs, b.inputs), outputs: differs(a.outputs, b.outputs), isCut: (a.cut ?? b.cut) !== undefined };
}

/** A value as it is read: texts as they are, everything else as JSON. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
