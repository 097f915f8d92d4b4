/** Which span of one trace is which of the other. */

import type { Node, Tree } from '@/screens/trace/tree';

export interface Pair {
  depth: number;
  a: Node | null;
  b: Node | null;
}

/** What went into a span, where that is known. */
export type Inputs = (node: Node) => unknown;

/**
 * Level by level: below a matched pair, spans of one type and name belong together, first those with the same inputs,
 * then in their order. In the order of the first trace; what only the second has follows what stands before it there.
 */
export function matchSpans(a: Tree, b: Tree, inputs: Inputs): Pair[] {
  const pairs: Pair[] = [];
  // Not by recursion: traces may be thousands of spans deep.
  const open: Pair[] = matchLevel(a.roots, b.roots, 0, inputs).reverse();
  for (let pair = open.pop(); pair; pair = open.pop()) {
    pairs.push(pair);
    const below = matchLevel(pair.a?.children ?? [], pair.b?.children ?? [], pair.depth + 1, inputs);
    for (const one of below.reverse()) open.push(one);
  }
  return pairs;
}

function push<K>(lists: Map<K, Node[]>, key: K, node: Node): void {
  const list = lists.get(key);
  if (list) list.push(node);
  else lists.set(key, [node]);
}

function matchLevel(a: Node[], b: Node[], depth: number, inputs: Inputs): Pair[] {
  const partner = new Map<Node, Node>();
  const taken = new Set<Node>();
  const withInputs = (node: Node) => {
    const known = inputs(node);
    return known === undefined ? null : `${kindOf(node)} ${JSON.stringify(known)}`;
  };
  for (const keyOf of a.length > 0 && b.length > 0 ? [withInputs, kindOf] : []) {
    const waiting = new Map<string, Node[]>();
    for (const node of b.filter((one) => !taken.has(one)).reverse()) {
      const key = keyOf(node);
      if (key !== null) push(waiting, key, node);
    }
    for (const node of a.filter((one) => !partner.has(one))) {
      const found = waiting.get(keyOf(node) ?? '')?.pop();
      if (!found) continue;
      partner.set(node, found);
      taken.add(found);
    }
  }
  const places = new Map(b.map((node, place) => [node, place]));
  const pairs: Pair[] = [];
  let next = 0;
  const onlyB = (until: number) => {
    for (; next < until; next += 1) {
      const node = b[next];
      if (node && !taken.has(node)) pairs.push({ depth, a: null, b: node });
    }
  };
  for (const node of a) {
    const found = partner.get(node) ?? null;
    if (found) onlyB(places.get(found) ?? 0);
    pairs.push({ depth, a: node, b: found });
  }
  onlyB(b.length);
  return pairs;
}

function kindOf({ span }: Node): string {
  return `${span.type ?? ''} ${span.name}`;
}
