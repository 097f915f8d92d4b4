import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ThumbsDown, ThumbsUp } from 'lucide-react';
import { useState } from 'react';

import { call, type Schemas } from '@/api/client';
import { Button, IconButton } from '@/components/button';
import { Labelled, TextField } from '@/components/field';
import { Ago } from '@/components/quantity';
import { Empty, messageOf } from '@/components/states';
import { notify } from '@/components/toast';

import { parseValue } from './assessment-value';

type Said = Schemas['AssessmentView'];
type New = Schemas['NewAssessmentBody'];

/** What is said about a trace. A change replaces, so that what was said before can still be read. */
export function Assessments({ traceId, all }: { traceId: string; all: Said[] }) {
  const [editing, setEditing] = useState<Said | 'new' | null>(null);
  const queries = useQueryClient();
  const done = {
    onSuccess: () => queries.invalidateQueries({ queryKey: ['trace', traceId, 'tree'] }),
    onError: (error: Error) => notify({ text: messageOf(error), isError: true }),
  };
  const add = useMutation({ mutationFn: (body: New) => call('post', '/traces/{trace_id}/assessments', { path: { trace_id: traceId }, body }), ...done });
  const remove = useMutation({ mutationFn: (id: string) => call('delete', '/traces/{trace_id}/assessments/{assessment_id}', { path: { trace_id: traceId, assessment_id: id } }), ...done });
  const byId = new Map(all.map((said) => [said.id, said]));
  const valid = all.filter((said) => said.valid);
  return (
    <div className="flex max-w-3xl flex-col gap-3 p-3">
      <div className="flex items-center gap-1">
        <IconButton label="Good answer" onClick={() => add.mutate({ name: 'user_feedback', kind: 'feedback', value: true })}><ThumbsUp size={15} /></IconButton>
        <IconButton label="Bad answer" onClick={() => add.mutate({ name: 'user_feedback', kind: 'feedback', value: false })}><ThumbsDown size={15} /></IconButton>
        <Button onClick={() => setEditing('new')}>Add assessment</Button>
      </div>
      {editing !== null && (
        <Editor key={editing === 'new' ? 'new' : editing.id} of={editing === 'new' ? null : editing} onCancel={() => setEditing(null)} onSave={(body) => add.mutate(body, { onSuccess: () => setEditing(null) })} />
      )}
      {valid.length === 0 && <Empty title="Nobody has said anything yet">Thumbs, ratings, expectations and comments appear here.</Empty>}
      {valid.map((said) => (
        <article key={said.id} className="rounded-md border border-line p-2">
          <header className="flex items-center gap-2">
            <bdi className="font-medium">{said.name}</bdi>
            <span className="min-w-0 flex-1 truncate">{shown(said.value)}</span>
            <span className="text-xs text-faint">{said.kind} · {said.source.id ?? said.source.kind} · <Ago at={said.updated} /></span>
            {said.kind !== 'issue' && <Button look="quiet" onClick={() => setEditing(said)}>Edit</Button>}
            <Button look="quiet" onClick={() => remove.mutate(said.id)}>Delete</Button>
          </header>
          {said.rationale && <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{said.rationale}</p>}
          {history(said, byId).map((old) => <p key={old.id} className="text-sm text-faint">Before: {shown(old.value)} {old.rationale ?? ''} · {old.source.id ?? old.source.kind} · <Ago at={old.updated} /></p>)}
        </article>
      ))}
    </div>
  );
}

function Editor({ of, onSave, onCancel }: { of: Said | null; onSave: (body: New) => void; onCancel: () => void }) {
  const [name, setName] = useState(of?.name ?? '');
  const [kind, setKind] = useState(of?.kind ?? 'feedback');
  const [value, setValue] = useState(of ? shown(of.value) : '');
  const [rationale, setRationale] = useState(of?.rationale ?? '');
  const about = of ? { overrides: of.id, ...(of.span_id ? { span_id: of.span_id } : {}) } : {};
  return (
    <form className="flex flex-col gap-2 rounded-md border border-line bg-sunken p-3" onSubmit={(event) => { event.preventDefault(); onSave({ name: name.trim(), kind, value: parseValue(value), rationale, ...about }); }}>
      <Labelled label="Name"><TextField value={name} onChange={(event) => setName(event.target.value)} /></Labelled>
      <Labelled label="Kind">
        <select className="h-7 rounded-md border border-line-strong bg-surface px-2 text-sm" value={kind} disabled={of !== null} onChange={(event) => setKind(event.target.value)}>
          <option value="feedback">Feedback</option>
          <option value="expectation">Expectation</option>
        </select>
      </Labelled>
      <Labelled label="Value (a number, true, false, text or JSON)"><TextField value={value} onChange={(event) => setValue(event.target.value)} /></Labelled>
      <Labelled label="Comment"><TextField value={rationale} onChange={(event) => setRationale(event.target.value)} /></Labelled>
      <div className="flex gap-2"><Button look="primary" type="submit" disabled={name.trim() === '' || value.trim() === ''}>Save</Button><Button onClick={onCancel}>Cancel</Button></div>
    </form>
  );
}

/** What was said in its place before, newest first. */
function history(said: Said, byId: Map<string, Said>): Said[] {
  const found: Said[] = [];
  for (let old = byId.get(said.overrides ?? ''); old && !found.includes(old); old = byId.get(old.overrides ?? '')) found.push(old);
  return found;
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
