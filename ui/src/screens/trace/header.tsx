import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { GitCompareArrows, Pencil } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import { call, type Schemas } from '@/api/client';
import { Button, IconButton } from '@/components/button';
import { CopyButton } from '@/components/copy';
import { TextField } from '@/components/field';
import { Ago, Duration, TokenCount } from '@/components/quantity';
import { messageOf } from '@/components/states';
import { Tag } from '@/components/tag';
import { notify } from '@/components/toast';
import { TraceState } from '@/components/trace-state';
import { formatWhole } from '@/format';

import { TraceCost } from './cost';
import type { Tree } from './tree';

type Row = Schemas['TraceRow'];

/** Tags that are shown at once. */
const FEW = 12;

export function TraceHeader({ trace, tree }: { trace: Row; tree: Tree }) {
  const facts: [string, ReactNode][] = [
    ['Duration', <Duration key="d" ms={trace.duration_ms} />],
    ['Tokens in', trace.tokens && <TokenCount key="i" count={trace.tokens.input} />],
    ['Tokens out', trace.tokens && <TokenCount key="o" count={trace.tokens.output} />],
    ['Cost', (trace.cost ?? trace.tokens) && <TraceCost key="c" trace={trace} tree={tree} />],
    ['Models', trace.models.join(', ')],
    ['Session', trace.session !== null && (
      <Link key="s" to="/experiments/$experimentId/sessions/$sessionId" params={{ experimentId: trace.experiment, sessionId: trace.session }} className="text-accent hover:underline">{trace.session}</Link>
    )],
    ['User', trace.user],
    ['Run', trace.runs.join(', ')],
    ['Started', <Ago key="a" at={trace.start} />],
  ];
  return (
    <header className="flex shrink-0 flex-col gap-1.5 border-b border-line px-3 py-2">
      <dl className="flex flex-wrap items-center gap-x-5 gap-y-1 text-sm">
        <div><dt className="sr-only">State</dt><dd><TraceState state={trace.state} /></dd></div>
        {facts.filter(([, value]) => Boolean(value)).map(([name, value]) => (
          <div key={name} className="flex min-w-0 items-center gap-1"><dt className="shrink-0 text-muted">{name}</dt><dd className="max-w-72 truncate" title={typeof value === 'string' ? value : undefined}>{value}</dd></div>
        ))}
        <div className="flex items-center"><dt className="sr-only">Id</dt><dd className="flex items-center"><code className="text-xs text-faint">{trace.id.slice(0, 15)}…</code><CopyButton text={trace.id} label="Copy trace id" />
          <Link to="/experiments/$experimentId/compare" params={{ experimentId: trace.experiment }} search={{ a: trace.id }} aria-label="Compare with another trace" title="Compare with another trace" className="inline-flex size-6 items-center justify-center rounded-md text-muted hover:bg-hover hover:text-text"><GitCompareArrows size={13} /></Link>
        </dd></div>
      </dl>
      <Tags trace={trace} />
    </header>
  );
}

function Tags({ trace }: { trace: Row }) {
  const [editing, setEditing] = useState(false);
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { set?: Record<string, string>; remove?: string[] }) => call('post', '/traces/tags', { body: { traces: [trace.id], ...body } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['trace', trace.id] }),
    onError: (error) => notify({ text: messageOf(error), isError: true }),
  });
  const [isWhole, setWhole] = useState(false);
  const all = Object.entries(trace.tags).filter(([key]) => !key.startsWith('mlflow.'));
  const shown = isWhole ? all : all.slice(0, FEW);
  return (
    <div className="flex max-h-[24vh] min-h-6 flex-wrap items-center gap-1 overflow-y-auto">
      {shown.map(([key, text]) => <Tag key={key} name={key} value={text} {...(editing ? { onRemove: () => change.mutate({ remove: [key] }) } : {})} />)}
      {all.length === 0 && <span className="text-xs text-faint">No tags</span>}
      {all.length > FEW && <button type="button" className="px-1 text-xs text-accent hover:underline" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>{isWhole ? 'Fewer' : `${formatWhole(all.length - FEW)} more`}</button>}
      <IconButton label="Edit tags" aria-pressed={editing} className="size-6" onClick={() => setEditing(!editing)}><Pencil size={12} /></IconButton>
      {editing && (
        <form
          className="flex items-center gap-1"
          onSubmit={(event) => {
            event.preventDefault();
            change.mutate({ set: { [name.trim()]: value } }, { onSuccess: () => { setName(''); setValue(''); } });
          }}
        >
          <div className="w-28"><TextField aria-label="Tag" placeholder="Tag" value={name} onChange={(event) => setName(event.target.value)} /></div>
          <div className="w-36"><TextField aria-label="Value" placeholder="Value" value={value} onChange={(event) => setValue(event.target.value)} /></div>
          <Button type="submit" disabled={name.trim() === '' || change.isPending}>Set</Button>
        </form>
      )}
    </div>
  );
}
