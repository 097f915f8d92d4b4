/** All experiments, with how much happens in them. */

import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';

import type { Schemas } from '@/api/client';
import { experimentsQuery } from '@/api/queries';
import { Button } from '@/components/button';
import { SearchField } from '@/components/search-field';
import { Empty, Failed, LoadingRows } from '@/components/states';
import { formatWhole } from '@/format';
import { useShortcuts } from '@/lib/shortcuts';
import { SendTraces } from '@/screens/help/send-traces';
import { TopBar } from '@/shell/top-bar';

import { DeleteDialog, NameDialog, TagsDialog } from './dialogs';
import { found, sorted, type SortKey } from './order';
import { ExperimentTable } from './table';

type Experiment = Schemas['ExperimentView'];
type Asked = { what: 'create' } | { what: 'rename' | 'tags' | 'delete'; experiment: Experiment };

/** The one that is always there; who has made another one has begun. */
const DEFAULT = '0';

export function ExperimentsScreen() {
  const navigate = useNavigate();
  const search = useSearch({ strict: false });
  const text = search.text ?? '';
  const [key = 'last_activity', direction = 'desc'] = (search.sort ?? '').split(' ').filter(Boolean);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [focused, setFocused] = useState(-1);
  const field = useRef<HTMLInputElement>(null);
  const { data, error, refetch } = useQuery({ ...experimentsQuery, refetchInterval: 5000 });

  const shown = useMemo(() => sorted(found(data?.experiments ?? [], text), key as SortKey, direction === 'desc'), [data, text, key, direction]);
  const open = (experiment: Experiment | undefined) => {
    if (experiment) void navigate({ to: '/experiments/$experimentId/traces', params: { experimentId: experiment.id } });
  };
  useShortcuts({
    j: () => setFocused(Math.min(shown.length - 1, focused + 1)),
    k: () => setFocused(Math.max(0, focused - 1)),
    Enter: () => open(shown[focused]),
    '/': () => field.current?.focus(),
    n: () => setAsked({ what: 'create' }),
    Escape: () => setFocused(-1),
  });

  const traces = data?.experiments.reduce((sum, experiment) => sum + experiment.traces, 0) ?? 0;
  const setSearch = (change: Record<string, string>) => void navigate({ to: '.', search: { ...search, ...change }, replace: true });
  return (
    <>
      <TopBar crumbs={[{ label: 'Experiments' }]}>
        <Button look="primary" onClick={() => setAsked({ what: 'create' })}>
          <Plus size={14} aria-hidden /> New experiment
        </Button>
      </TopBar>
      {data && traces === 0 && data.experiments.every(({ id }) => id === DEFAULT) ? (
        <Welcome />
      ) : data ? (
        <>
          <div className="flex h-9 shrink-0 items-center gap-3 border-b border-line px-3">
            <SearchField
              label="Search experiments"
              placeholder="Name or tag ( / )"
              text={text}
              onText={(next) => setSearch({ text: next })}
              onEnter={() => open(shown[0])}
              fieldRef={field}
              className="w-72"
            />
            <span className="text-sm text-muted figures">
              {formatWhole(shown.length)} {shown.length === 1 ? 'experiment' : 'experiments'}, {formatWhole(traces)} traces
            </span>
          </div>
          {shown.length > 0 ? (
            <ExperimentTable
              experiments={shown}
              focused={focused}
              sortKey={key as SortKey}
              descending={direction === 'desc'}
              onSort={(next) => setSearch({ sort: `${next} ${next === key && direction === 'desc' ? 'asc' : 'desc'}` })}
              onAsk={(what, experiment) => setAsked({ what, experiment })}
            />
          ) : (
            <Empty title="No experiment is called that" />
          )}
        </>
      ) : error ? (
        <Failed error={error} onRetry={() => void refetch()} />
      ) : (
        <LoadingRows />
      )}
      {asked?.what === 'create' && <NameDialog onClose={() => setAsked(null)} />}
      {asked?.what === 'rename' && <NameDialog experiment={asked.experiment} onClose={() => setAsked(null)} />}
      {asked?.what === 'tags' && <TagsDialog experiment={asked.experiment} onClose={() => setAsked(null)} />}
      {asked?.what === 'delete' && <DeleteDialog experiment={asked.experiment} onClose={() => setAsked(null)} />}
    </>
  );
}

/** Nobody has sent anything yet. The list asks again and again, so the first trace ends this. */
function Welcome() {
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      <div className="mx-auto max-w-2xl px-6 py-10">
        <h2 className="text-xl font-semibold">Send the first trace</h2>
        <p className="mb-6 flex items-center gap-2 text-muted" role="status">
          <span className="inline-block size-2 animate-pulse rounded-full bg-accent" aria-hidden />
          Waiting for it… this page notices when it arrives.
        </p>
        <SendTraces />
      </div>
    </div>
  );
}
