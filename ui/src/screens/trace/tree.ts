/** The spans of a trace as rows of a tree. */

import type { Schemas } from '@/api/client';

export type SpanRow = Schemas['SpanRow'];

export interface Node {
  span: SpanRow;
  depth: number;
  children: Node[];
  parent: Node | null;
  /** Which call of its name in the trace, from top to bottom, and of how many; `null` when it is the only one. */
  call: { number: number; of: number } | null;
  /** Of the trace, 0 to 1; `null` while it runs. */
  share: number | null;
}

export interface Tree {
  roots: Node[];
  byId: Map<string, Node>;
  /** Milliseconds after the start of the trace. */
  from: number;
  to: number;
}

/** Spans whose parent is not there, or that are their own ancestors, are roots. */
export function buildTree(spans: SpanRow[]): Tree {
  const byId = new Map<string, Node>();
  for (const span of spans) byId.set(span.id, { span, depth: 0, children: [], parent: null, call: null, share: null });
  const roots: Node[] = [];
  for (const node of byId.values()) {
    const parent = node.span.parent_id === null ? undefined : byId.get(node.span.parent_id);
    node.parent = parent ?? null;
    (parent?.children ?? roots).push(node);
  }
  cutCircles(roots, byId);
  let from = Infinity;
  let to = -Infinity;
  for (const { span } of byId.values()) {
    from = Math.min(from, span.offset_ms);
    to = Math.max(to, endOf(span));
  }
  if (byId.size === 0) from = to = 0;
  const length = to - from;
  const open = [roots];
  for (let level = open.pop(); level; level = open.pop()) {
    level.sort((a, b) => a.span.offset_ms - b.span.offset_ms);
    for (const node of level) {
      node.depth = node.parent ? node.parent.depth + 1 : 0;
      node.share = node.span.duration_ms === null || length <= 0 ? null : Math.min(1, node.span.duration_ms / length);
      if (node.children.length > 0) open.push(node.children);
    }
  }
  numberCalls(visibleRows(roots, new Set()));
  return { roots, byId, from, to };
}

export function endOf(span: SpanRow): number {
  return span.offset_ms + (span.duration_ms ?? 0);
}

/** What no root leads to hangs on a circle, of which one becomes a root. */
function cutCircles(roots: Node[], byId: Map<string, Node>): void {
  const reached = new Set<Node>();
  const open = [...roots];
  const reach = () => {
    for (let node = open.pop(); node; node = open.pop()) {
      reached.add(node);
      for (const child of node.children) open.push(child);
    }
  };
  reach();
  if (reached.size === byId.size) return;
  for (const node of byId.values()) {
    if (reached.has(node)) continue;
    const passed = new Set<Node>();
    let at = node;
    for (; at.parent && !passed.has(at); at = at.parent) passed.add(at);
    if (at.parent) at.parent.children = at.parent.children.filter((child) => child !== at);
    at.parent = null;
    roots.push(at);
    open.push(at);
    reach();
  }
}

function numberCalls(nodes: Node[]): void {
  const totals = new Map<string, number>();
  for (const { span } of nodes) totals.set(span.label, (totals.get(span.label) ?? 0) + 1);
  const seen = new Map<string, number>();
  for (const node of nodes) {
    const of = totals.get(node.span.label) ?? 1;
    const number = (seen.get(node.span.label) ?? 0) + 1;
    seen.set(node.span.label, number);
    node.call = of > 1 ? { number, of } : null;
  }
}

/** What a span is called, so that it is told apart from others of its name. */
export function calledOf({ span, call }: Pick<Node, 'span' | 'call'>): string {
  return call ? `${span.label} #${call.number}` : span.label;
}

/** The same by its id. */
export function nameIn(tree: Tree, id: string): string {
  const node = tree.byId.get(id);
  return node ? calledOf(node) : id;
}

/** Rows from top to bottom, without what is below closed ones. */
export function visibleRows(roots: Node[], closed: ReadonlySet<string>): Node[] {
  const rows: Node[] = [];
  const open = [...roots].reverse();
  for (let node = open.pop(); node; node = open.pop()) {
    rows.push(node);
    if (closed.has(node.span.id)) continue;
    for (let at = node.children.length - 1; at >= 0; at -= 1) {
      const child = node.children[at];
      if (child) open.push(child);
    }
  }
  return rows;
}

/** Ids of the spans whose name, type or error has the text. */
export function matchingSpans(tree: Tree, text: string): Set<string> {
  const wanted = text.trim().toLowerCase();
  const found = new Set<string>();
  if (wanted === '') return found;
  for (const { span } of tree.byId.values()) {
    if ([span.label, span.name, span.type, span.error].some((part) => part?.toLowerCase().includes(wanted))) found.add(span.id);
  }
  return found;
}
