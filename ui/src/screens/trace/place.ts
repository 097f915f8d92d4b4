/** What of a trace is shown, as the address has it; empty for what is assumed. */

import type { Search } from '@/routes';

export interface Place {
  tab: string;
  span: string;
  /** `1` and `0` where it was said. */
  timeline: string;
  /** What is looked for in the trace. */
  find: string;
}

export const AT_FIRST: Place = { tab: '', span: '', timeline: '', find: '' };

export function readPlace({ tab = '', span = '', timeline = '', find = '' }: Partial<Search>): Place {
  return { tab, span, timeline, find };
}

/** The place in another trace: the same view of it. */
export function elsewhere({ tab, timeline, find }: Place): Place {
  return { tab, span: '', timeline, find };
}

/** The address of the list that a trace was opened from. */
export function listOf(search: Partial<Search>): Search {
  const ofTrace = new Set(['trace', ...Object.keys(AT_FIRST)]);
  return Object.fromEntries(Object.entries(search).filter((entry): entry is [string, string] => !ofTrace.has(entry[0]) && entry[1] !== undefined));
}
