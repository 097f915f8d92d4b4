/** Which traces a screen is about: the parameters `q`, `text` and `range` or `from` and `to`, the same on every screen. */

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import type { Search } from '@/routes';
import { readTime, writeTime, type Scope } from '@/screens/traces/address';

export function readScope(search: Partial<Search>): Scope {
  return { filter: search.q ?? '', text: search.text ?? '', time: readTime(search) };
}

export function writeScope({ filter, text, time }: Scope): Search {
  return { q: filter, text, ...writeTime(time) };
}

/** The scope of the address; what else the address has stays. */
export function useScope(): [Scope, (change: Partial<Scope>) => void] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const scope = useMemo(() => readScope(search), [search]);
  const change = useCallback(
    (part: Partial<Scope>) => void navigate({ to: '.', search: { ...search, ...writeScope({ ...scope, ...part }) } }),
    [navigate, search, scope],
  );
  return [scope, change];
}
