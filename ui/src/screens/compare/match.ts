/** Which span of one trace is which of the other. */

import type { Schemas } from '@/api/client';

type Span = Schemas['SpanView'];

export interface Pair {
  depth: number;
  a: Span | null;
  b: Span | null;
}

/**
 * Level by level: below a matched pair, spans of one type and name belong together, first those with the same inputs,
 * then in their order. In the order of the first trace; what only the second has follows what stands before it there.
 */
export function matchSpans(a: Span[], b: Span[]): Pair[] {
  const [childrenOfA, childrenOfB] = [byParent(a), byParent(b)];
  const pairs: Pair[] = [];
  // Not by recursion: traces may be thousands of spans deep.
  const open: Pair[] = matchLevel(childrenOfA.get(null) ?? [], childrenOfB.get(null) ?? [], 0).reverse();
  for (let pair = open.pop(); pair; pair = open.pop()) {
    pairs.push(pair);
    const below = matchLevel((pair.a && childrenOfA.get(pair.a.id)) ?? [], (pair.b && childrenOfB.get(pair.b.id)) ?? [], pair.depth + 1);
    open.push(...below.reverse());
  }
  return pairs;
}

function byParent(spans: Span[]): Map<string | null, Span[]> {
  const known = new Set(spans.map(({ id }) => id));
  const children = new Map<string | null, Span[]>();
  for (const span of spans) {
    const parent = span.parent_id !== null && known.has(span.parent_id) ? span.parent_id : null;
    push(children, parent, span);
  }
  return children;
}

function push<K>(lists: Map<K, Span[]>, key: K, span: Span): void {
  const list = lists.get(key);
  if (list) list.push(span);
  else lists.set(key, [span]);
}

function matchLevel(a: Span[], b: Span[], depth: number): Pair[] {
  const partner = new Map<Span, Span>();
  const taken = new Set<Span>();
  const keys = [(span: Span) => `${kindOf(span)} ${JSON.stringify(span.inputs)}`, kindOf];
  for (const key of a.length > 0 && b.length > 0 ? keys : []) {
    const waiting = new Map<string, Span[]>();
    for (const span of b.filter((one) => !taken.has(one)).reverse()) push(waiting, key(span), span);
    for (const span of a.filter((one) => !partner.has(one))) {
      const found = waiting.get(key(span))?.pop();
      if (!found) continue;
      partner.set(span, found);
      taken.add(found);
    }
  }
  const places = new Map(b.map((span, place) => [span, place]));
  const pairs: Pair[] = [];
  let next = 0;
  const onlyB = (until: number) => {
    for (; next < until; next += 1) {
      const span = b[next];
      if (span && !taken.has(span)) pairs.push({ depth, a: null, b: span });
    }
  };
  for (const span of a) {
    const found = partner.get(span) ?? null;
    if (found) onlyB(places.get(found) ?? 0);
    pairs.push({ depth, a: span, b: found });
  }
  onlyB(b.length);
  return pairs;
}

function kindOf(span: Span): string {
  return `${span.type ?? ''} ${span.name}`;
}

/** What of a matched pair differs in what was said. */
export function differences({ a, b }: Pair): { inputs: boolean; outputs: boolean } {
  const differs = (left: unknown, right: unknown) => JSON.stringify(left) !== JSON.stringify(right);
  return { inputs: differs(a?.inputs ?? null, b?.inputs ?? null), outputs: differs(a?.outputs ?? null, b?.outputs ?? null) };
}

/** A value as it is read: texts as they are, everything else as JSON. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
