import { useVirtualizer } from '@tanstack/react-virtual';
import { Link } from '@tanstack/react-router';
import { ArrowDown, ArrowUp, Ellipsis } from 'lucide-react';
import { useEffect, useRef } from 'react';

import type { Schemas } from '@/api/client';
import { IconButton } from '@/components/button';
import { Menu, MenuItem, MenuLine } from '@/components/menu';
import { Ago } from '@/components/quantity';
import { Tag } from '@/components/tag';
import { formatShare, formatWhole } from '@/format';
import { cx } from '@/lib/cx';

import type { SortKey } from './order';

type Experiment = Schemas['ExperimentView'];

interface Props {
  experiments: Experiment[];
  focused: number;
  sortKey: SortKey;
  descending: boolean;
  onSort: (key: SortKey) => void;
  onAsk: (what: 'rename' | 'tags' | 'delete', experiment: Experiment) => void;
}

const ROW = 30;
const GRID = 'grid grid-cols-[minmax(180px,2fr)_90px_110px_120px_minmax(120px,1.5fr)_100px_40px]';
const TITLES: [SortKey, string, string?][] = [
  ['name', 'Name'],
  ['traces', 'Traces', 'justify-end'],
  ['errors', 'Errors', 'justify-end'],
  ['last_activity', 'Last activity'],
];

export function ExperimentTable({ experiments, focused, sortKey, descending, onSort, onAsk }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: experiments.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 10 });
  useEffect(() => {
    if (focused >= 0) virtual.scrollToIndex(focused);
    // Only when the focus moves.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [focused]);
  return (
    <div ref={scroller} role="table" aria-label="Experiments" aria-rowcount={experiments.length + 1} className="min-h-0 flex-1 overflow-auto">
      <div className="min-w-[760px]" role="rowgroup">
        <div role="row" className={`${GRID} sticky top-0 z-10 h-[26px] border-b border-line bg-page text-sm text-muted`}>
          {TITLES.map(([key, title, className]) => (
            <Heading key={key} title={title} className={className} direction={key === sortKey ? (descending ? 'descending' : 'ascending') : undefined} onSort={() => onSort(key)} />
          ))}
          <span role="columnheader" className="flex items-center px-3">
            Tags
          </span>
          <Heading title="Created" direction={sortKey === 'created' ? (descending ? 'descending' : 'ascending') : undefined} onSort={() => onSort('created')} />
          <span role="columnheader" aria-label="Actions" />
        </div>
        <div className="relative" style={{ height: virtual.getTotalSize() }} role="presentation">
          {virtual.getVirtualItems().map(({ index, start }) => {
            const experiment = experiments[index];
            if (!experiment) return null;
            return <Row key={experiment.id} experiment={experiment} top={start} isFocused={index === focused} onAsk={onAsk} />;
          })}
        </div>
      </div>
    </div>
  );
}

function Heading({ title, className, direction, onSort }: { title: string; className?: string | undefined; direction: 'ascending' | 'descending' | undefined; onSort: () => void }) {
  const Arrow = direction === 'ascending' ? ArrowUp : ArrowDown;
  return (
    <span role="columnheader" aria-sort={direction} className={cx('flex items-center px-3', className)}>
      <button type="button" onClick={onSort} className="flex items-center gap-0.5 hover:text-text">
        {title}
        {direction && <Arrow size={12} aria-hidden />}
      </button>
    </span>
  );
}

function Row({ experiment, top, isFocused, onAsk }: { experiment: Experiment; top: number; isFocused: boolean; onAsk: Props['onAsk'] }) {
  const { id, name, traces, errors, tags, last_activity, created } = experiment;
  const share = traces === 0 ? null : errors / traces;
  const params = { experimentId: id };
  return (
    <div
      role="row"
      className={cx(GRID, 'absolute top-0 left-0 w-full items-center border-b border-line/60 hover:bg-hover', isFocused && 'bg-hover shadow-[inset_2px_0_0_var(--color-accent)]')}
      style={{ height: ROW, transform: `translateY(${top}px)` }}
    >
      <span role="cell" className="min-w-0 px-3">
        <Link to="/experiments/$experimentId/traces" params={params} className="block truncate font-medium hover:text-accent" title={name}>
          {name}
        </Link>
      </span>
      <span role="cell" className="px-3 text-right figures">
        {formatWhole(traces)}
      </span>
      <span role="cell" className="px-3 text-right figures">
        {errors > 0 ? (
          <Link to="/experiments/$experimentId/traces" params={params} search={{ q: "status = 'ERROR'" }} className="text-error hover:underline" title={`${formatWhole(errors)} failed`}>
            {formatShare(share)}
          </Link>
        ) : (
          <span className="text-muted">{formatShare(share)}</span>
        )}
      </span>
      <span role="cell" className="px-3">
        <Ago at={last_activity} />
      </span>
      <span role="cell" className="flex min-w-0 gap-1 overflow-hidden px-3">
        {Object.entries(tags)
          .filter(([key]) => !key.startsWith('mlflow.'))
          .map(([key, value]) => (
            <Tag key={key} name={key} value={value} />
          ))}
      </span>
      <span role="cell" className="px-3 text-muted">
        <Ago at={created} />
      </span>
      <span role="cell">
        <Menu
          align="end"
          trigger={
            <IconButton label={`Actions for ${name}`} className="size-6">
              <Ellipsis size={15} />
            </IconButton>
          }
        >
          <MenuItem onSelect={() => onAsk('rename', experiment)}>Rename</MenuItem>
          <MenuItem onSelect={() => onAsk('tags', experiment)}>Edit tags</MenuItem>
          <MenuLine />
          <MenuItem danger onSelect={() => onAsk('delete', experiment)}>
            Delete
          </MenuItem>
        </Menu>
      </span>
    </div>
  );
}
