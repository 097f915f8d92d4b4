/** What the list of sessions is ordered by, and which traces are a session's. */

import type { Search } from '@/routes';
import { filterKey, quoted } from '@/screens/traces/filter-text';

/** As the server calls them. */
const ORDERS = ['last', 'first', 'traces', 'errors', 'tokens', 'cost', 'duration'] as const;

export type OrderKey = (typeof ORDERS)[number];

export interface Order {
  key: OrderKey;
  descending: boolean;
}

export const LATEST_FIRST: Order = { key: 'last', descending: true };

export function readOrder({ sort }: Partial<Search>): Order {
  const [name, direction] = (sort ?? '').split(' ');
  const key = ORDERS.find((known) => known === name);
  return key ? { key, descending: direction !== 'asc' } : LATEST_FIRST;
}

/** Empty for what is assumed. */
export function writeOrder({ key, descending }: Order): string {
  return key === LATEST_FIRST.key && descending ? '' : `${key} ${descending ? 'desc' : 'asc'}`;
}

/** A filter that all traces of a session fulfil. A text with both kinds of quotes cannot be said: it also finds a few others. */
export function ofSession(session: string): string {
  const key = filterKey('session');
  if (session.includes("'") && session.includes('"')) return `${key} LIKE ${quoted(session.replaceAll("'", '_'))}`;
  return `${key} = ${quoted(session)}`;
}
