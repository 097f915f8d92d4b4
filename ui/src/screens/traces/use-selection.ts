import { useCallback, useRef, useState } from 'react';

import type { Row } from './columns';

/** Chosen rows; with shift, all between the last choice and this one. */
export function useSelection(rows: Row[]) {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  const select = useCallback(
    (row: Row, range: boolean) => {
      const from = rows.findIndex(({ id }) => id === anchor.current);
      const to = rows.findIndex(({ id }) => id === row.id);
      anchor.current = row.id;
      setSelected((before) => {
        const next = new Set(before);
        if (range && from >= 0 && to >= 0) {
          rows.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(({ id }) => next.add(id));
        } else if (!next.delete(row.id)) {
          next.add(row.id);
        }
        return next;
      });
    },
    [rows],
  );
  const selectAll = useCallback((all: boolean) => setSelected(new Set(all ? rows.map(({ id }) => id) : [])), [rows]);
  const clear = useCallback(() => setSelected(new Set()), []);
  return { selected, select, selectAll, clear };
}
