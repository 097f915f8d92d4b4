import { Columns3 } from 'lucide-react';

import { IconButton } from '@/components/button';
import { Menu, MenuCheck, MenuItem, MenuLabel, MenuLine } from '@/components/menu';

import type { ShownColumn } from './address';
import { CHOOSABLE, DEFAULT_COLUMNS, column } from './columns';

export function ColumnMenu({ columns, onColumns }: { columns: ShownColumn[]; onColumns: (columns: ShownColumn[]) => void }) {
  return (
    <Menu
      align="end"
      trigger={
        <IconButton label="Columns">
          <Columns3 size={15} />
        </IconButton>
      }
    >
      <MenuLabel>Columns: drag titles to order, edges to size</MenuLabel>
      {CHOOSABLE.map((id) => {
        const isShown = columns.some((shown) => shown.id === id);
        const next = isShown ? columns.filter((shown) => shown.id !== id) : [...columns, { id, width: null }];
        return (
          <MenuCheck key={id} checked={isShown} onChange={() => next.length > 0 && onColumns(next)}>
            {column(id).title}
          </MenuCheck>
        );
      })}
      <MenuLine />
      <MenuItem onSelect={() => onColumns(DEFAULT_COLUMNS)}>Default columns</MenuItem>
    </Menu>
  );
}
