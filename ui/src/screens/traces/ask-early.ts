import type { QueryClient } from '@tanstack/react-query';

import type { Search } from '@/routes';

import { firstPage } from './query';
import { readList } from './use-list-state';

/** The list that an address is about; who shows it tells what went wrong. */
export function askEarly(queries: QueryClient, experimentId: string, search: Partial<Search>): void {
  queries.query(firstPage(experimentId, readList(search), [])).catch(() => undefined);
}
