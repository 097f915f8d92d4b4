import { useQuery } from '@tanstack/react-query';
import { Dialog } from 'radix-ui';
import { ArrowRight, FlaskConical, ListTree, MessagesSquare, type LucideIcon } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';

import { call } from '@/api/client';
import { experimentsQuery } from '@/api/queries';
import { messageOf } from '@/components/states';
import { notify } from '@/components/toast';
import { cx } from '@/lib/cx';
import { setTheme } from '@/lib/theme';
import { ofSession } from '@/screens/sessions/address';

import { useGo } from './go';
import { matchingEntries, traceIdIn, type Entry } from './palette-entries';

interface Props {
  experimentId: string | undefined;
  onClose: () => void;
  onShortcuts: () => void;
}

const ICONS: Record<Entry['kind'], LucideIcon> = { trace: ListTree, session: MessagesSquare, experiment: FlaskConical, action: ArrowRight };

/** ⌘K: a trace by its id, a session, an experiment or an action by its name. */
export default function Palette({ experimentId, onClose, onShortcuts }: Props) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState(0);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const go = useGo(experimentId);
  const { data } = useQuery(experimentsQuery);
  const experiments = useMemo(() => data?.experiments ?? [], [data]);
  const everywhere = experiments.map((experiment) => experiment.id);
  const scope = everywhere.join(',');
  const sessions = useQuery({
    queryKey: ['palette-sessions', scope, text],
    queryFn: ({ signal }) => call('get', '/values', { query: { property: 'session', experiments: scope, prefix: text, limit: '6' }, signal }),
    enabled: text.length > 1 && scope !== '',
  });

  /** In the experiment that has it; where several have, in this one or the latest. */
  const openSession = async (session: string) => {
    const first = (ids: string[]) => call('post', '/traces/search', { body: { experiments: ids, filter: ofSession(session), limit: 1 } });
    try {
      const here = experimentId ? await first([experimentId]) : null;
      const [trace] = here?.traces.length ? here.traces : (await first(everywhere)).traces;
      if (trace) go.session(trace.experiment, session);
    } catch (error) {
      notify({ text: messageOf(error), isError: true });
    }
  };

  const entries = useMemo<Entry[]>(() => {
    const all: Entry[] = [
      { kind: 'action', label: 'All experiments', run: go.experiments },
      ...(experimentId
        ? ([
            { kind: 'action', label: 'Traces', run: go.traces },
            { kind: 'action', label: 'Sessions', run: go.sessions },
            { kind: 'action', label: 'Overview', run: go.overview },
            { kind: 'action', label: 'Compare', run: go.compare },
          ] satisfies Entry[])
        : []),
      ...experiments.map<Entry>(({ id, name }) => ({ kind: 'experiment', label: name, run: () => go.experiment(id) })),
      { kind: 'action', label: 'Theme: light', run: () => setTheme('light') },
      { kind: 'action', label: 'Theme: dark', run: () => setTheme('dark') },
      { kind: 'action', label: 'Theme: as the system', run: () => setTheme('system') },
      { kind: 'action', label: 'Keyboard shortcuts', run: onShortcuts },
      { kind: 'action', label: 'Help: how to send traces', run: go.help },
    ];
    const found = matchingEntries(all, text);
    const trace = traceIdIn(text);
    const ofSessions = (sessions.data?.values ?? []).map<Entry>((session) => ({
      kind: 'session',
      label: session,
      run: () => void openSession(session),
    }));
    return [...(trace ? [{ kind: 'trace' as const, label: `Open trace ${trace}`, run: () => go.trace(trace) }] : []), ...ofSessions, ...found];
    // `go` is made anew each time and does the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [experimentId, experiments, sessions.data, text]);

  const at = Math.min(chosen, entries.length - 1);
  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);

  const run = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/35" />
        <Dialog.Content aria-describedby={undefined} className="fixed top-[14vh] left-1/2 z-50 w-[min(580px,92vw)] -translate-x-1/2 overflow-hidden rounded-lg bg-surface shadow-float">
          <Dialog.Title className="sr-only">Search and jump</Dialog.Title>
          <input
            autoFocus
            role="combobox"
            aria-expanded
            aria-controls={listId}
            aria-activedescendant={entries.length > 0 ? `${listId}-${at}` : undefined}
            aria-label="Search and jump"
            placeholder="A trace id, a session, an experiment, an action…"
            spellCheck={false}
            className="h-11 w-full border-b border-line bg-transparent px-4 text-lg outline-none placeholder:text-faint"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setChosen(0);
            }}
            onKeyDown={(event) => {
              const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
              if (step !== 0) {
                event.preventDefault();
                setChosen((at + step + entries.length) % Math.max(entries.length, 1));
              } else if (event.key === 'Enter') {
                event.preventDefault();
                run(entries[at]);
              }
            }}
          />
          <div ref={list} id={listId} role="listbox" aria-label="Results" className="max-h-[50vh] overflow-auto p-1.5">
            {entries.map((entry, place) => {
              const Icon = ICONS[entry.kind];
              return (
                <div
                  key={`${entry.kind}:${entry.label}:${place}`}
                  id={`${listId}-${place}`}
                  role="option"
                  aria-selected={place === at}
                  className={cx('flex h-8 items-center gap-2.5 rounded-md px-2.5', place === at && 'bg-hover')}
                  onMouseMove={() => setChosen(place)}
                  onClick={() => run(entry)}
                >
                  <Icon size={14} className="shrink-0 text-faint" aria-hidden />
                  <span className="min-w-0 flex-1 truncate">{entry.label}</span>
                  <span className="text-xs text-faint">{entry.kind}</span>
                </div>
              );
            })}
          </div>
          {entries.length === 0 && <p className="px-4 pb-4 text-muted">Nothing is called that.</p>}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
