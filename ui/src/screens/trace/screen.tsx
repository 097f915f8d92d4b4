import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronDown, ChevronUp } from 'lucide-react';

import { IconButton } from '@/components/button';
import { useShortcuts } from '@/lib/shortcuts';
import { TopBar } from '@/shell/top-bar';

import { useNeighbours } from './neighbours';
import { TracePanel, type Place } from './panel';
import { treeQuery } from './queries';

export function TraceScreen() {
  const { experimentId, traceId } = useParams({ from: '/experiments/$experimentId/traces/$traceId' });
  const search: Partial<Record<string, string>> = useSearch({ strict: false });
  const navigate = useNavigate();
  const { data } = useQuery(treeQuery(traceId));
  const { previous, next } = useNeighbours(experimentId, data?.trace, search.q ?? '');
  const list = () => void navigate({ to: '/experiments/$experimentId/traces', params: { experimentId }, search: { q: search.q ?? '' } });
  const go = (id: string | null) => {
    if (id === null) return;
    void navigate({ to: '/experiments/$experimentId/traces/$traceId', params: { experimentId, traceId: id }, search: { q: search.q ?? '', tab: search.tab ?? '' } });
  };
  const onPlace = (place: Place) => void navigate({ to: '.', search: { q: search.q ?? '', tab: place.tab ?? '', span: place.span ?? '', timeline: place.timeline ?? '' }, replace: true });
  useShortcuts({ '[': () => go(previous), ']': () => go(next), Escape: list });
  const place: Place = { ...(search.tab ? { tab: search.tab } : {}), ...(search.span ? { span: search.span } : {}), ...(search.timeline ? { timeline: search.timeline } : {}) };
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Traces' }, { label: data?.trace.name ?? traceId }]}>
        <IconButton label="Previous trace ([)" disabled={previous === null} onClick={() => go(previous)}><ChevronUp size={15} /></IconButton>
        <IconButton label="Next trace (])" disabled={next === null} onClick={() => go(next)}><ChevronDown size={15} /></IconButton>
      </TopBar>
      <TracePanel key={traceId} traceId={traceId} place={place} onPlace={onPlace} />
    </>
  );
}
