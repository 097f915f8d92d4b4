import { describe, expect, test } from 'vitest';

import { criticalPath } from './critical-path';
import { safeLink } from './safe-link';
import { buildTree, calledOf, matchingSpans, visibleRows, type SpanRow } from './tree';

const span = (id: string, parent: string | null, from: number, length: number | null, label = id): SpanRow => ({
  id, parent_id: parent, name: label, label, type: null, status: 'OK', error: null, offset_ms: from, duration_ms: length, model: null, tokens: null, cost: null,
});

describe('the tree', () => {
  test('numbers calls of a name through the whole trace, from top to bottom', () => {
    const tree = buildTree([span('root', null, 0, 100), span('b', 'root', 50, 40, 'agent'), span('a', 'root', 0, 40, 'agent'), span('b1', 'b', 60, 10, 'model'), span('a1', 'a', 10, 10, 'model'), span('only', 'a', 30, 1)]);
    expect(visibleRows(tree.roots, new Set()).map(calledOf)).toEqual(['root', 'agent #1', 'model #1', 'only', 'agent #2', 'model #2']);
  });
  test('has children by start, tells repeated calls apart and knows shares', () => {
    const tree = buildTree([span('root', null, 0, 100), span('b', 'root', 50, 25, 'call'), span('a', 'root', 10, 10, 'call'), span('c', 'root', 80, null)]);
    expect(visibleRows(tree.roots, new Set()).map(({ span, depth, call, share }) => [span.id, depth, call?.number ?? null, share])).toEqual([
      ['root', 0, null, 1], ['a', 1, 1, 0.1], ['b', 1, 2, 0.25], ['c', 1, null, null],
    ]);
    expect(visibleRows(tree.roots, new Set(['root']))).toHaveLength(1);
  });
  test('shows what lost its parent, and what is its own ancestor, once', () => {
    const tree = buildTree([span('lost', 'gone', 0, 1), span('x', 'y', 0, 1), span('y', 'x', 0, 1)]);
    expect(visibleRows(tree.roots, new Set()).map((row) => row.span.id).sort()).toEqual(['lost', 'x', 'y']);
  });
  test('is as deep as a trace is', () => {
    const spans = Array.from({ length: 2000 }, (_, at) => span(`s${at}`, at === 0 ? null : `s${at - 1}`, at, 1));
    expect(visibleRows(buildTree(spans).roots, new Set()).at(-1)?.depth).toBe(1999);
  });
  test('finds names without regard to case', () => {
    expect([...matchingSpans(buildTree([span('a', null, 0, 1, 'Fetch News'), span('b', 'a', 0, 1)]), 'news')]).toEqual(['a']);
  });
});

describe('the critical path', () => {
  test('is what was waited for', () => {
    const tree = buildTree([span('root', null, 0, 100), span('early', 'root', 0, 40), span('beside', 'root', 45, 10), span('late', 'root', 50, 45)]);
    const { own, bottleneck } = criticalPath(tree);
    // `beside` counts only until `late` began; the root's own 5 are after `late` and between 40 and 45.
    expect(Object.fromEntries(own)).toEqual({ root: 10, late: 45, beside: 5, early: 40 });
    expect(bottleneck).toBe('late');
  });
});

describe('links in captured text', () => {
  test('lead to pages and mail only', () => {
    const refused = ['javascript:alert(1)', ' JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', 'vbscript:x', '//host', '/path', 'file:///etc/passwd'];
    expect(refused.map(safeLink)).toEqual(refused.map(() => null));
    expect(['https://a.example/x', 'HTTP://a', 'mailto:a@b'].map(safeLink)).toEqual(['https://a.example/x', 'HTTP://a', 'mailto:a@b']);
  });
});
