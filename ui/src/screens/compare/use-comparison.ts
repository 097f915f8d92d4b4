/** The matched spans of two traces, with what was said in those that are looked at. */

import { useCallback, useMemo, useState } from 'react';

import type { Schemas } from '@/api/client';
import { lots } from '@/lib/lots';
import { AT_ONCE } from '@/screens/trace/queries';
import { buildTree, type Node, type SpanRow, type Tree } from '@/screens/trace/tree';
import { useSpans } from '@/screens/trace/use-spans';

import { matchSpans, type Pair } from './match';
import type { Said } from './said';

type Whole = Schemas['TraceTreeReply'];

/** Spans of a trace up to which all of them are loaded, so that equal inputs belong together. */
const MOST_LOADED = 2 * AT_ONCE;

export interface Comparison {
  pairs: Pair[];
  /** What was said in a span, as far as it is loaded. */
  saidIn: (node: Node | null) => Said;
  /** Spans belong together by their names alone, since there are so many. */
  isByName: boolean;
  isLoading: boolean;
  error: Error | null;
  retry: () => void;
  /** Rows that are looked at. */
  look: (first: number, last: number) => void;
}

export function useComparison(a: Whole, b: Whole, chosen: number): Comparison {
  const treeA = useMemo(() => buildTree(a.spans), [a]);
  const treeB = useMemo(() => buildTree(b.spans), [b]);
  const isByName = Math.max(a.spans.length, b.spans.length) > MOST_LOADED;
  const allOfA = useSaid(a.trace.id, treeA, useMemo(() => (isByName ? [] : lots(a.spans, AT_ONCE)), [isByName, a]));
  const allOfB = useSaid(b.trace.id, treeB, useMemo(() => (isByName ? [] : lots(b.spans, AT_ONCE)), [isByName, b]));
  const isLoading = allOfA.isLoading || allOfB.isLoading;
  const pairs = useMemo(
    // Not while they arrive: rows would change their places.
    () => (isLoading ? [] : matchSpans(treeA, treeB, (node) => (allOfA.said.get(node) ?? allOfB.said.get(node))?.inputs)),
    [isLoading, treeA, treeB, allOfA.said, allOfB.said],
  );

  const [sight, setSight] = useState([0, 0]);
  const look = useCallback((first: number, last: number) => setSight((was) => (was[0] === first && was[1] === last ? was : [first, last])), []);
  const seen = useMemo(() => {
    const wanted = new Set([...sight, chosen].map((place) => Math.floor(place / AT_ONCE)));
    return isByName ? lots(pairs, AT_ONCE).filter((_, place) => wanted.has(place)) : [];
  }, [isByName, pairs, sight, chosen]);
  const seenOfA = useSaid(a.trace.id, treeA, useMemo(() => seen.map((lot) => rowsOf(lot, 'a')), [seen]));
  const seenOfB = useSaid(b.trace.id, treeB, useMemo(() => seen.map((lot) => rowsOf(lot, 'b')), [seen]));

  const all = [allOfA, allOfB, seenOfA, seenOfB];
  return {
    pairs,
    saidIn: (node) => node && all.map(({ said }) => said.get(node)).find((said) => said !== undefined),
    isByName,
    isLoading,
    error: all.find(({ error }) => error)?.error ?? null,
    retry: () => all.forEach(({ retry }) => retry()),
    look,
  };
}

/** What was said, by the nodes of the tree: two traces may have spans of the same id. */
function useSaid(traceId: string, tree: Tree, rows: SpanRow[][]) {
  const { spans, ...rest } = useSpans(traceId, rows);
  const said = useMemo(() => {
    const found = new Map<Node, Said>();
    for (const span of spans) {
      const node = tree.byId.get(span.id);
      if (node) found.set(node, span);
    }
    return found;
  }, [spans, tree]);
  return { said, ...rest };
}

function rowsOf(lot: Pair[], side: 'a' | 'b'): SpanRow[] {
  return lot.flatMap((pair) => pair[side]?.span ?? []);
}
