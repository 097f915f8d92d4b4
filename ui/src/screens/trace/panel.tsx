import { useQuery } from '@tanstack/react-query';
import { Tabs } from 'radix-ui';
import { useMemo, type RefObject } from 'react';

import { Failed, LoadingRows } from '@/components/states';

import { Assessments } from './assessments';
import { Conversation } from './conversation';
import { Details } from './details';
import { TraceHeader } from './header';
import type { Place } from './place';
import { treeQuery } from './queries';
import { Raw } from './raw';
import { Summary } from './summary';
import { buildTree, nameIn } from './tree';

const TABS = [['summary', 'Summary'], ['details', 'Details & Timeline'], ['transcript', 'Transcript'], ['assessments', 'Assessments'], ['raw', 'Raw']] as const;

interface Props {
  traceId: string;
  place: Place;
  onPlace: (next: Place) => void;
  /** Where it is beside a list: keys are meant for it while the focus is there, and room is scarce. */
  beside?: RefObject<HTMLElement | null>;
}

/** A trace, on a page of its own or beside a list. */
export function TracePanel({ traceId, place, onPlace, beside }: Props) {
  const { data, error, refetch } = useQuery(treeQuery(traceId));
  const tree = useMemo(() => (data ? buildTree(data.spans) : null), [data]);
  if (error) return <Failed error={error} onRetry={() => void refetch()} />;
  if (!data || !tree) return <LoadingRows rows={24} />;
  const tab = TABS.find(([name]) => name === place.tab)?.[0] ?? 'details';
  const select = (span: string) => onPlace({ ...place, tab: 'details', span });
  const body = 'min-h-0 flex-1 overflow-auto outline-none';
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <TraceHeader trace={data.trace} tree={tree} />
      <Tabs.Root value={tab} onValueChange={(next) => onPlace({ ...place, tab: next })} className="flex min-h-0 flex-1 flex-col">
        <Tabs.List aria-label="Views of the trace" className="flex h-8 shrink-0 gap-1 border-b border-line px-2">
          {TABS.map(([name, label]) => (
            <Tabs.Trigger key={name} value={name} className="border-b-2 border-transparent px-2 text-sm text-muted data-[state=active]:border-accent data-[state=active]:text-text">
              {label}{name === 'assessments' && data.trace.assessments.length > 0 ? ` ${data.trace.assessments.length}` : ''}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <Tabs.Content value="summary" className={body}><Summary trace={data.trace} tree={tree} onSelect={select} /></Tabs.Content>
        <Tabs.Content value="details" className="flex min-h-0 flex-1 flex-col data-[state=inactive]:hidden">
          <Details traceId={traceId} tree={tree} assessments={data.assessments} selected={place.span || null} timeline={place.timeline === '' ? beside === undefined : place.timeline === '1'} find={place.find} onFind={(find) => onPlace({ ...place, find })} onSelect={select} onTimeline={(shown) => onPlace({ ...place, timeline: shown ? '1' : '0' })} beside={beside} />
        </Tabs.Content>
        <Tabs.Content value="transcript" data-scrolls className={body}><Conversation traceId={traceId} tree={tree} onSelect={select} /></Tabs.Content>
        <Tabs.Content value="assessments" className={body}><div className="mx-auto max-w-3xl p-3"><Assessments traceId={traceId} all={data.assessments} spanId={null} onSpan={select} labelOf={(id) => nameIn(tree, id)} /></div></Tabs.Content>
        <Tabs.Content value="raw" data-scrolls className={body}><Raw traceId={traceId} trace={data.trace} rows={data.spans} /></Tabs.Content>
      </Tabs.Root>
    </div>
  );
}
