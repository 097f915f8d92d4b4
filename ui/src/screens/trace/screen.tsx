import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ChevronDown, ChevronUp } from 'lucide-react';

import { IconButton } from '@/components/button';
import { useShortcuts } from '@/lib/shortcuts';
import { readScope } from '@/screens/scope/use-scope';
import { TopBar } from '@/shell/top-bar';

import { useNeighbours } from './neighbours';
import { TracePanel } from './panel';
import { elsewhere, listOf, readPlace } from './place';
import { treeQuery } from './queries';

export function TraceScreen() {
  const { experimentId, traceId } = useParams({ from: '/experiments/$experimentId/traces/$traceId' });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const { data } = useQuery(treeQuery(traceId));
  // The address goes on saying which list the trace is of.
  const list = listOf(search);
  const place = readPlace(search);
  const { previous, next } = useNeighbours(experimentId, data?.trace, readScope(search));
  const go = (id: string | null) => {
    if (id === null) return;
    void navigate({ to: '/experiments/$experimentId/traces/$traceId', params: { experimentId, traceId: id }, search: { ...list, ...elsewhere(place) } });
  };
  useShortcuts({
    '[': () => go(previous),
    ']': () => go(next),
    Escape: () => void navigate({ to: '/experiments/$experimentId/traces', params: { experimentId }, search: list }),
  });
  const back = (
    <Link to="/experiments/$experimentId/traces" params={{ experimentId }} search={list} className="hover:text-text">
      Traces
    </Link>
  );
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Traces', to: back }, { label: data?.trace.name ?? traceId }]}>
        <IconButton label="Previous trace ([)" disabled={previous === null} onClick={() => go(previous)}><ChevronUp size={15} /></IconButton>
        <IconButton label="Next trace (])" disabled={next === null} onClick={() => go(next)}><ChevronDown size={15} /></IconButton>
      </TopBar>
      <TracePanel key={traceId} traceId={traceId} place={place} onPlace={(next) => void navigate({ to: '.', search: { ...list, ...next }, replace: true })} />
    </>
  );
}
