/** Chooses a trace by its words or its id, among the newest to begin with. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Check, Search } from 'lucide-react';
import { useDeferredValue, useId, useState } from 'react';

import { call, type Schemas } from '@/api/client';
import { TextField } from '@/components/field';
import { Ago, Duration } from '@/components/quantity';
import { messageOf } from '@/components/states';
import { TraceState } from '@/components/trace-state';
import { cx } from '@/lib/cx';
import { ALL_TIME, wholeFilter } from '@/screens/traces/address';
import { quoted } from '@/screens/traces/filter-text';
import { readable } from '@/screens/traces/readable';
import { traceIdIn } from '@/shell/palette-entries';

interface Props {
  label: string;
  experimentId: string;
  chosen: string;
  onChoose: (id: string) => void;
}

const MOST = 30;
/** Characters of a request that may fit a line. */
const PREVIEW = 300;

const foundQuery = (experimentId: string, text: string) => ({
  queryKey: ['picker', experimentId, text],
  queryFn: async ({ signal }: { signal: AbortSignal }) => {
    const id = traceIdIn(text);
    const filter = id === null ? wholeFilter({ filter: '', text, time: ALL_TIME }, 0) : `request_id = ${quoted(id)}`;
    return (await call('post', '/traces/search', { body: { experiments: [experimentId], filter, limit: MOST, max_preview: PREVIEW }, signal })).traces;
  },
  placeholderData: keepPreviousData,
});

export function TracePicker({ label, experimentId, chosen, onChoose }: Props) {
  const [text, setText] = useState('');
  const [pointed, setPointed] = useState(0);
  const wanted = useDeferredValue(text.trim());
  const { data, error } = useQuery(foundQuery(experimentId, wanted));
  const listId = useId();
  const traces = data ?? [];
  const at = Math.min(pointed, traces.length - 1);
  return (
    <section aria-label={label} className="flex min-h-0 min-w-0 flex-1 flex-col rounded-lg border border-line bg-surface">
      <h2 className="px-3 pt-2 text-sm font-medium">{label}</h2>
      <div className="relative p-2">
        <Search size={13} className="absolute top-[15.5px] left-4 text-faint" aria-hidden />
        <TextField
          role="combobox"
          aria-label={label}
          aria-expanded
          aria-controls={listId}
          aria-activedescendant={at >= 0 ? `${listId}-${at}` : undefined}
          placeholder="Words or a trace id"
          className="pl-7!"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setPointed(0);
          }}
          onKeyDown={(event) => {
            const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
            if (step !== 0) {
              event.preventDefault();
              setPointed(Math.max(0, Math.min(traces.length - 1, at + step)));
              document.getElementById(`${listId}-${at + step}`)?.scrollIntoView({ block: 'nearest' });
            } else if (event.key === 'Enter') {
              event.preventDefault();
              const trace = traces[at];
              if (trace) onChoose(trace.id);
            }
          }}
        />
      </div>
      {error && <p role="alert" className="px-3 py-2 text-error">{messageOf(error)}</p>}
      {data?.length === 0 && <p className="px-3 py-2 text-muted">{text ? 'No trace has that.' : 'No traces yet.'}</p>}
      <div id={listId} role="listbox" aria-label={`${label}: found`} tabIndex={0} className="min-h-0 flex-1 overflow-auto border-t border-line outline-none">
        {traces.map((trace, place) => (
          <Option key={trace.id} id={`${listId}-${place}`} trace={trace} isPointed={place === at} isChosen={trace.id === chosen} onChoose={() => onChoose(trace.id)} />
        ))}
      </div>
    </section>
  );
}

function Option({ id, trace, isPointed, isChosen, onChoose }: { id: string; trace: Schemas['TraceRow']; isPointed: boolean; isChosen: boolean; onChoose: () => void }) {
  const said = trace.request_preview ? readable(trace.request_preview).slice(0, 200) : '';
  return (
    <div id={id} role="option" aria-selected={isChosen} data-trace={trace.id} onClick={onChoose} className={cx('flex flex-col gap-0.5 border-b border-line/60 px-3 py-1.5 hover:bg-hover', isPointed && 'bg-hover', isChosen && 'bg-selected')}>
      <span className="flex items-center gap-2">
        {isChosen && <Check size={13} className="shrink-0 text-accent" aria-hidden />}
        <bdi className="min-w-0 flex-1 truncate">{said || (trace.name ?? trace.id)}</bdi>
      </span>
      <span className="flex items-center gap-2 text-xs text-muted">
        <TraceState state={trace.state} />
        <span className="min-w-0 truncate">{trace.name}</span>
        <code className="text-faint">{trace.id.replace(/^tr-/, '').slice(0, 10)}</code>
        <span className="flex-1" />
        <span className="shrink-0"><Duration ms={trace.duration_ms} /> <Ago at={trace.start} /></span>
      </span>
    </div>
  );
}
