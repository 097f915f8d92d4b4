import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

import { remember, remembered } from '@/lib/remembered';
import type { Search } from '@/routes';

import { readAddress, writeAddress, writeColumns, type ListState } from './address';

const REMEMBERED = 'fanlight.trace-columns';

export function readList(search: Partial<Search>): ListState {
  return readAddress(search, remembered(REMEMBERED));
}

/** The state of the list, which lives in the address; columns are also remembered for the next visit. */
export function useListState(): [ListState, (change: Partial<ListState>) => void] {
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const state = useMemo(() => readList(search), [search]);
  const change = useCallback(
    (part: Partial<ListState>) => {
      if (part.columns) remember(REMEMBERED, writeColumns(part.columns));
      // Looks are changed in place; what is asked for is a step one can go back from.
      const isLook = Object.keys(part).every((name) => name === 'columns' || name === 'live');
      // A trace beside the list stays there.
      const { trace = '', tab = '', span = '', timeline = '', find = '' } = search;
      void navigate({ to: '.', search: { ...writeAddress({ ...state, ...part }), trace, tab, span, timeline, find }, replace: isLook });
    },
    [navigate, state, search],
  );
  return [state, change];
}
