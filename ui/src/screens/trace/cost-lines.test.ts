import { expect, test } from 'vitest';

import type { Schemas } from '@/api/client';

import { costParts, sumByPrice } from './cost-lines';
import { buildTree, type SpanRow } from './tree';

const tokens = { input: 1, output: 1, total: 2 } as Schemas['Tokens'];
const cost = (total: number) => ({ input: total, output: 0, total });
const row = (id: string, parent: string | null, part: Partial<SpanRow>): SpanRow => ({
  id, parent_id: parent, name: id, label: id, type: null, status: 'OK', error: null, offset_ms: 0, duration_ms: 1, model: null, tokens: null, cost: null, ...part,
});

test('a part is not counted again with the whole, and what nobody knows is told', () => {
  const tree = buildTree([
    row('agent', null, { cost: cost(3) }),
    row('call', 'agent', { cost: cost(1), tokens }),
    row('free', 'agent', { tokens }),
    row('other', null, { tokens }),
    row('chain', null, { tokens }),
    row('step', 'chain', { cost: cost(2), tokens }),
  ]);
  const { priced, unknown } = costParts(tree);
  expect(priced.map(({ span }) => span.id).sort()).toEqual(['agent', 'step']);
  expect(unknown.map(({ span }) => span.id)).toEqual(['other']);
});

test('calls at one price are one entry', () => {
  const price = { table: 'built-in', version: '1', provider: null, model: 'm', from: null, above_input_tokens: null, batch: null };
  const line = (kind: string, count: number) => ({ kind, part_of: 'input', tokens: count, per_million: 2, cost: count * 2e-6 });
  const span = (lines: ReturnType<typeof line>[], source = 'tokens') => ({ model: 'm', cost: cost(1), cost_derivation: { source, price: source === 'tokens' ? price : null, lines } });
  const sums = sumByPrice([span([line('input', 10)]), span([line('input', 5), line('cache_read', 7)]), span([], 'client'), { model: 'm', cost: null, cost_derivation: null }]);
  expect(sums.map(({ calls, price: of, lines, cost: all }) => [calls, of?.version ?? null, lines.map(({ kind, tokens: count }) => [kind, count]), all])).toEqual([
    [2, '1', [['input', 15], ['cache_read', 7]], 2],
    [1, null, [], 1],
  ]);
});
