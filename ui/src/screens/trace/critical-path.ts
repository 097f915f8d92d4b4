/** What the length of a trace consists of. */

import { endOf, type Node, type Tree } from './tree';

export interface CriticalPath {
  /** Milliseconds each span of the path adds by itself. */
  own: Map<string, number>;
  /** The span that adds most; where there is only one, none. */
  bottleneck: string | null;
}

/** From the end backwards: of the children that ended before, the one that ended last was waited for. */
export function criticalPath(tree: Tree): CriticalPath {
  const own = new Map<string, number>();
  const last = latest(tree.roots);
  const open: [Node, number][] = last ? [[last, endOf(last.span)]] : [];
  for (let next = open.pop(); next; next = open.pop()) {
    const [node, until] = next;
    let at = Math.min(until, endOf(node.span));
    let mine = 0;
    const children = [...node.children].sort((a, b) => endOf(b.span) - endOf(a.span));
    for (const child of children) {
      const start = Math.max(child.span.offset_ms, node.span.offset_ms);
      if (start >= at) continue;
      const end = Math.min(endOf(child.span), at);
      if (end <= start) continue;
      mine += at - end;
      open.push([child, end]);
      at = start;
    }
    mine += Math.max(0, at - node.span.offset_ms);
    own.set(node.span.id, (own.get(node.span.id) ?? 0) + mine);
  }
  let bottleneck: string | null = null;
  let most = 0;
  if (tree.byId.size > 1) for (const [id, length] of own) {
    if (length > most) [bottleneck, most] = [id, length];
  }
  return { own, bottleneck };
}

function latest(nodes: Node[]): Node | undefined {
  return nodes.reduce<Node | undefined>((best, node) => (best && endOf(best.span) >= endOf(node.span) ? best : node), undefined);
}
