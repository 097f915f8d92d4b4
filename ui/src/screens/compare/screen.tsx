/** Two traces side by side. */

import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ArrowLeftRight } from 'lucide-react';
import { useState } from 'react';

import { Button, IconButton } from '@/components/button';
import { Failed, LoadingRows } from '@/components/states';
import { useShortcuts } from '@/lib/shortcuts';
import { treeQuery } from '@/screens/trace/queries';
import { TopBar } from '@/shell/top-bar';

import { PairDetail } from './pair-detail';
import { PairList } from './pair-list';
import { TracePicker } from './picker';
import { Sums, type Whole } from './sums';
import { useComparison } from './use-comparison';

export function CompareScreen() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId/compare' });
  const { a = '', b = '' } = useSearch({ strict: false });
  const navigate = useNavigate();
  const show = (first: string, second: string) => void navigate({ to: '.', search: { a: first, b: second } });
  const isChosen = a !== '' && b !== '';
  const first = useQuery({ ...treeQuery(a), enabled: isChosen });
  const second = useQuery({ ...treeQuery(b), enabled: isChosen });
  const error = first.error ?? second.error;
  return (
    <>
      <TopBar experimentId={experimentId} crumbs={[{ label: 'Compare' }]}>
        {isChosen && (
          <>
            <IconButton label="Swap" onClick={() => show(b, a)}>
              <ArrowLeftRight size={15} />
            </IconButton>
            <Button onClick={() => show('', '')}>Choose others</Button>
          </>
        )}
      </TopBar>
      {!isChosen ? (
        <Choose experimentId={experimentId} a={a} b={b} onChoose={show} />
      ) : first.data && second.data ? (
        <Comparison key={`${a} ${b}`} experimentId={experimentId} a={first.data} b={second.data} />
      ) : error ? (
        <Failed error={error} onRetry={() => void Promise.all([first.refetch(), second.refetch()])} />
      ) : (
        <LoadingRows rows={24} />
      )}
    </>
  );
}

/** Two lists side by side; the comparison is there as soon as one of each is chosen. */
function Choose({ experimentId, a, b, onChoose }: { experimentId: string; a: string; b: string; onChoose: (a: string, b: string) => void }) {
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-3 p-3">
      <p className="text-muted">Choose two traces. Two that are selected in the list of traces can be compared from there.</p>
      <div className="flex min-h-0 flex-1 gap-3">
        <TracePicker label="First trace" experimentId={experimentId} chosen={a} onChoose={(id) => onChoose(id, b)} />
        <TracePicker label="Second trace" experimentId={experimentId} chosen={b} onChoose={(id) => onChoose(a, id)} />
      </div>
    </div>
  );
}

function Comparison({ experimentId, a, b }: { experimentId: string; a: Whole; b: Whole }) {
  const [chosen, setChosen] = useState(0);
  const { pairs, saidIn, isByName, isLoading, error, retry, look } = useComparison(a, b, chosen);
  const pair = pairs[chosen];
  const step = (by: number) => setChosen((at) => Math.max(0, Math.min(pairs.length - 1, at + by)));
  useShortcuts({ j: () => step(1), k: () => step(-1), ArrowDown: () => step(1), ArrowUp: () => step(-1) });
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Sums experimentId={experimentId} a={a} b={b} />
      {error ? (
        <Failed error={error} onRetry={retry} />
      ) : isLoading ? (
        <LoadingRows rows={24} />
      ) : (
        <div className="flex min-h-0 flex-1 max-lg:flex-col">
          <div className="flex w-[480px] shrink-0 flex-col border-r border-line max-lg:h-2/5 max-lg:w-full max-lg:border-b">
            <PairList pairs={pairs} chosen={chosen} saidIn={saidIn} onChoose={setChosen} onSight={look} />
            {isByName && <p className="shrink-0 border-t border-line bg-sunken px-3 py-1 text-xs text-muted">So many spans are matched by name and order alone, not by their inputs.</p>}
          </div>
          <div className="min-h-0 min-w-0 flex-1 overflow-auto p-3" role="region" aria-label="Differences" tabIndex={0}>
            {pair && <PairDetail key={chosen} ids={[a.trace.id, b.trace.id]} pair={pair} a={saidIn(pair.a)} b={saidIn(pair.b)} />}
          </div>
        </div>
      )}
    </div>
  );
}
