/** What the cost of a trace is made of, from what its spans say. */

import type { Schemas } from '@/api/client';

import type { Node, Tree } from './tree';

type Derivation = Schemas['CostDerivation'];
type Line = Derivation['lines'][number];

/** Calls at one price. */
export interface Priced {
  model: string | null;
  /** `null`: clients said what it cost. */
  price: Derivation['price'];
  calls: number;
  /** Of each kind the sum. */
  lines: Line[];
  cost: number;
}

export interface CostParts {
  /** Those that count: what is below a span with a cost is part of it. */
  priced: Node[];
  /** Calls that used tokens, and nobody knows what they cost. */
  unknown: Node[];
}

/** Which spans the cost of the trace is made of, and which ones it lacks. */
export function costParts(tree: Tree): CostParts {
  const priced: Node[] = [];
  const unknown: Node[] = [];
  const open: { node: Node; isCounted: boolean }[] = tree.roots.map((node) => ({ node, isCounted: false }));
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, isCounted } = next;
    if (node.span.cost && !isCounted) priced.push(node);
    for (const child of node.children) open.push({ node: child, isCounted: isCounted || node.span.cost !== null });
    if (!isCounted && isUnpriced(node)) unknown.push(node);
  }
  return { priced, unknown };
}

/** Tokens that nothing above or below says the cost of. */
function isUnpriced({ span, children }: Node): boolean {
  if (span.cost || !span.tokens) return false;
  const below = [...children];
  for (let node = below.pop(); node; node = below.pop()) {
    if (node.span.cost || node.span.tokens) return false;
    below.push(...node.children);
  }
  return true;
}

/** Lines of one price and kind added up; the dearest price first. */
export function sumByPrice(spans: Pick<Schemas['SpanView'], 'model' | 'cost' | 'cost_derivation'>[]): Priced[] {
  const groups = new Map<string, Priced>();
  for (const { model, cost, cost_derivation: derivation } of spans) {
    if (!cost || !derivation) continue;
    const key = JSON.stringify([model, derivation.source, derivation.price]);
    const group = groups.get(key) ?? { model, price: derivation.price, calls: 0, lines: [], cost: 0 };
    groups.set(key, group);
    group.calls += 1;
    group.cost += cost.total;
    for (const line of derivation.lines) {
      const same = group.lines.find(({ kind, per_million }) => kind === line.kind && per_million === line.per_million);
      if (!same) group.lines.push({ ...line });
      else {
        same.tokens += line.tokens;
        same.cost += line.cost;
      }
    }
  }
  return [...groups.values()].sort((a, b) => b.cost - a.cost);
}
