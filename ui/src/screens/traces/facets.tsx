/** Values at the left of the list, with counts; a click asks for one. */

import { ChevronDown, ChevronRight } from 'lucide-react';
import { memo, useState } from 'react';

import type { Schemas } from '@/api/client';
import { SpanTypeIcon } from '@/components/span-type';
import { TraceState } from '@/components/trace-state';
import { formatCount, formatWhole } from '@/format';
import { cx } from '@/lib/cx';

import { toggled, valuesOf } from './filter-text';
import { isOwnTag } from './tags';

interface Props {
  facets: Schemas['FacetView'][];
  tagKeys: string[];
  openTags: string[];
  onOpenTags: (keys: string[]) => void;
  filter: string;
  onFilter: (filter: string) => void;
}

const TITLES: Record<string, string> = { state: 'State', name: 'Name', 'span.name': 'Span', 'span.model': 'Model', user: 'User', 'span.type': 'Span type' };
const SHORT = 6;

/** Not made again when further pages of the list come. */
export const Facets = memo(function Facets({ facets, tagKeys, openTags, onOpenTags, filter, onFilter }: Props) {
  const choose = (property: string, value: string) => onFilter(toggled(filter, property, value));
  const own = tagKeys.filter(isOwnTag);
  return (
    <aside aria-label="Filters by value" className="w-52 shrink-0 overflow-y-auto border-r border-line py-1.5 max-md:hidden" tabIndex={0}>
      {facets
        .filter(({ property }) => property in TITLES)
        .map((facet) => (
          <Values key={facet.property} title={TITLES[facet.property] ?? facet.property} facet={facet} chosen={valuesOf(filter, facet.property)} onChoose={choose} />
        ))}
      {own.length > 0 && <p className="px-3 pt-2 pb-1 text-xs font-medium text-faint">Tags</p>}
      {own.map((key) => {
        const property = `tag.${key}`;
        const chosen = valuesOf(filter, property);
        const isOpen = openTags.includes(key) || chosen.length > 0;
        const toggle = () => onOpenTags(isOpen ? openTags.filter((open) => open !== key) : [...openTags, key]);
        const Chevron = isOpen ? ChevronDown : ChevronRight;
        const facet = facets.find((facet) => facet.property === property);
        return (
          <div key={key}>
            <button type="button" aria-expanded={isOpen} onClick={toggle} className="flex h-6 w-full items-center gap-1 px-2 text-left text-sm text-muted hover:text-text" title={key}>
              <Chevron size={12} className="shrink-0" aria-hidden />
              <span className="truncate">{key}</span>
            </button>
            {isOpen && facet && <Values facet={facet} chosen={chosen} onChoose={choose} />}
          </div>
        );
      })}
    </aside>
  );
});

/** As wide as what comes, so that the list does not jump. */
export function LoadingFacets() {
  return (
    <div aria-hidden className="flex w-52 shrink-0 flex-col gap-3 border-r border-line p-3 max-md:hidden">
      {Array.from({ length: 18 }, (_, at) => (
        <span key={at} className="h-2 animate-pulse rounded-sm bg-line" style={{ width: `${40 + ((at * 29) % 55)}%` }} />
      ))}
    </div>
  );
}

interface ValuesProps {
  title?: string;
  facet: Schemas['FacetView'];
  chosen: string[];
  onChoose: (property: string, value: string) => void;
}

function Values({ title, facet, chosen, onChoose }: ValuesProps) {
  const [isLong, setLong] = useState(false);
  const { property, values } = facet;
  // What was chosen stays, even when nothing has it any more.
  const gone = chosen.filter((value) => !values.some((known) => known.value === value)).map((value) => ({ value, count: 0, at_most: 0 }));
  const all = [...gone, ...values];
  const most = Math.max(1, ...all.map(({ count }) => count));
  if (all.length === 0) return null;
  const shown = isLong ? all : all.slice(0, SHORT);
  const Heading = (
    <h2 className="px-3 pt-2 pb-0.5 text-xs font-medium text-faint">{title}</h2>
  );
  return (
    <section aria-label={title ?? property}>
      {title && Heading}
      {shown.map(({ value, count, at_most }) => {
        const isChosen = chosen.includes(value);
        return (
          <button
            key={value}
            type="button"
            role="checkbox"
            aria-checked={isChosen}
            onClick={() => onChoose(property, value)}
            title={`${value}: ${formatWhole(count)}${at_most > count ? ' or more' : ''}`}
            className={cx('relative flex h-[22px] w-full items-center gap-1.5 px-3 text-left text-sm hover:bg-hover', isChosen && 'bg-selected font-medium text-accent')}
          >
            <span className="absolute bottom-0 left-3 h-px bg-bar" style={{ width: `calc((100% - 24px) * ${count / most})` }} aria-hidden />
            <span className="flex min-w-0 flex-1 items-center">
              <Value property={property} value={value} />
            </span>
            <span className="text-xs text-muted figures">
              {formatCount(count)}
              {at_most > count && '+'}
            </span>
          </button>
        );
      })}
      {all.length > SHORT && (
        <button type="button" onClick={() => setLong(!isLong)} className="h-[22px] px-3 text-xs text-muted hover:text-text">
          {isLong ? 'Fewer' : `${all.length - SHORT}${facet.more ? '+' : ''} more`}
        </button>
      )}
    </section>
  );
}

function Value({ property, value }: { property: string; value: string }) {
  if (property === 'state') return <TraceState state={value} />;
  if (property !== 'span.type') return <span className="truncate">{value}</span>;
  return (
    <span className="inline-flex min-w-0 items-center gap-1.5">
      <SpanTypeIcon type={value} size={13} />
      <span className="truncate">{value}</span>
    </span>
  );
}
