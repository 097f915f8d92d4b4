/** What people and judges said about a trace or one of its spans. A change replaces, so that what was said before can still be read. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { History, MessageSquarePlus, Pencil, Star, ThumbsDown, ThumbsUp, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { call, type Schemas } from '@/api/client';
import { Button, IconButton } from '@/components/button';
import { Ago } from '@/components/quantity';
import { Empty, messageOf } from '@/components/states';
import { notify } from '@/components/toast';

import { AssessmentEditor, reviewer, type New } from './assessment-editor';
import { isStars, NAMES, STARS, textOf } from './assessment-value';
import { historyOf } from './assessment-history';

type Said = Schemas['AssessmentView'];

interface Props {
  traceId: string;
  /** Of the trace and all its spans. */
  all: Said[];
  /** Shows what is about this span alone. */
  spanId: string | null;
  /** Where a span's assessment leads, on the screen of the trace. */
  onSpan?: (id: string) => void;
  labelOf?: (spanId: string) => string;
}

export function Assessments({ traceId, all, spanId, onSpan, labelOf }: Props) {
  const [editing, setEditing] = useState<string | null>(null);
  const { add, remove, isBusy } = useChanges(traceId);
  const valid = all.filter((said) => said.valid && (spanId === null || said.span_id === spanId));
  const about = spanId === null ? {} : { span_id: spanId };
  // Whoever says it again changes their mind, and takes it back where it is the same.
  const mine = valid.find(({ name, span_id, source }) => name === NAMES.thumbs && span_id === spanId && source.kind === 'human' && source.id === (reviewer().by ?? null));
  const thumb = (value: boolean) => {
    if (mine?.value === value) remove(mine);
    else add({ name: NAMES.thumbs, kind: 'feedback', value, ...reviewer(), ...about, ...(mine ? { overrides: mine.id } : {}) });
  };
  const save = (body: New) => add(body, () => setEditing(null));
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-1">
        <IconButton label="Good answer" aria-pressed={mine?.value === true} disabled={isBusy} onClick={() => thumb(true)}><ThumbsUp size={15} /></IconButton>
        <IconButton label="Bad answer" aria-pressed={mine?.value === false} disabled={isBusy} onClick={() => thumb(false)}><ThumbsDown size={15} /></IconButton>
        <Button onClick={() => setEditing('new')}><MessageSquarePlus size={14} aria-hidden /> Add assessment</Button>
      </div>
      {editing === 'new' && <AssessmentEditor of={null} spanId={spanId} isBusy={isBusy} onCancel={() => setEditing(null)} onSave={save} />}
      {valid.length === 0 && spanId === null && editing === null && <Empty title="Nobody has said anything yet">Thumbs, ratings, expectations and comments appear here.</Empty>}
      {valid.map((said) =>
        editing === said.id ? (
          <AssessmentEditor key={said.id} of={said} spanId={spanId} isBusy={isBusy} onCancel={() => setEditing(null)} onSave={save} />
        ) : (
          <Card key={said.id} said={said} all={all} onEdit={() => setEditing(said.id)} onDelete={() => remove(said)}>
            {spanId === null && said.span_id !== null && (
              <button type="button" className="max-w-48 truncate text-xs text-accent hover:underline" title="The span it is about" onClick={() => onSpan?.(said.span_id ?? '')}>
                {labelOf?.(said.span_id) ?? said.span_id}
              </button>
            )}
          </Card>
        ),
      )}
    </div>
  );
}

function useChanges(traceId: string) {
  const queries = useQueryClient();
  const done = {
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ['traces'] });
      return queries.invalidateQueries({ queryKey: ['trace', traceId, 'tree'] });
    },
    onError: (error: Error) => notify({ text: messageOf(error), isError: true }),
  };
  const adding = useMutation({ mutationFn: (body: New) => call('post', '/traces/{trace_id}/assessments', { path: { trace_id: traceId }, body }), ...done });
  const removing = useMutation({ mutationFn: ({ id }: Said) => call('delete', '/traces/{trace_id}/assessments/{assessment_id}', { path: { trace_id: traceId, assessment_id: id } }), ...done });
  return {
    isBusy: adding.isPending || removing.isPending,
    add: (body: New, then?: () => void) => adding.mutate(body, then ? { onSuccess: then } : {}),
    remove: (said: Said) =>
      removing.mutate(said, {
        onSuccess: () => notify({ text: `Deleted ${said.name}.`, ...(said.source.kind === 'human' && said.kind !== 'issue' ? { action: { label: 'Undo', run: () => adding.mutate(again(said)) } } : {}) }),
      }),
  };
}

/** The same, to be said once more. */
function again({ name, kind, value, rationale, span_id, overrides, source }: Said): New {
  return {
    name, kind, value,
    ...(rationale === null ? {} : { rationale }),
    ...(span_id === null ? {} : { span_id }),
    ...(overrides === null ? {} : { overrides }),
    ...(source.id === null ? {} : { by: source.id }),
  };
}

function Card({ said, all, onEdit, onDelete, children }: { said: Said; all: Said[]; onEdit: () => void; onDelete: () => void; children: React.ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  const history = historyOf(said, all);
  return (
    <article aria-label={said.name} className="rounded-md border border-line px-2.5 py-1.5">
      <header className="flex min-h-6 flex-wrap items-center gap-x-2">
        <bdi className="max-w-60 truncate font-medium" title={said.name}>{said.name}</bdi>
        <Value said={said} />
        {children}
        <span className="flex-1" />
        <span className="text-xs text-faint">{said.kind} · {whoOf(said)} · <Ago at={said.updated} /></span>
        <span className="flex">
          {history.length > 0 && (
            <IconButton label={`${history.length} before`} aria-expanded={isOpen} className="size-6" onClick={() => setOpen(!isOpen)}><History size={13} /></IconButton>
          )}
          {said.kind !== 'issue' && <IconButton label={`Edit ${said.name}`} className="size-6" onClick={onEdit}><Pencil size={13} /></IconButton>}
          <IconButton label={`Delete ${said.name}`} className="size-6" onClick={onDelete}><Trash2 size={13} /></IconButton>
        </span>
      </header>
      <Words said={said} />
      {isOpen && (
        <ol aria-label="What was said before" className="mt-1.5 flex flex-col gap-1 border-l-2 border-line pl-2.5">
          {history.map((old) => (
            <li key={old.id}>
              <p className="flex flex-wrap items-center gap-x-2"><Value said={old} /><span className="text-xs text-faint">{whoOf(old)} · <Ago at={old.updated} /></span></p>
              <Words said={old} />
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}

/** What is short; texts are among the words below. */
function Value({ said: { name, value, error } }: { said: Said }) {
  if (error) return <span className="text-error">no value</span>;
  if (value === true) return <span className="inline-flex items-center gap-1 text-ok"><ThumbsUp size={14} aria-hidden /> yes</span>;
  if (value === false) return <span className="inline-flex items-center gap-1 text-error"><ThumbsDown size={14} aria-hidden /> no</span>;
  if (isStars(name, value)) {
    return (
      <span role="img" aria-label={`${value} of 5`} className="inline-flex text-accent">
        {STARS.map((star) => <Star key={star} size={14} aria-hidden className={star <= value ? 'fill-current' : 'text-line-strong'} />)}
      </span>
    );
  }
  if (typeof value === 'number') return <span className="figures">{value}</span>;
  return null;
}

function Words({ said: { value, rationale, error } }: { said: Said }) {
  const text = value === null || typeof value === 'boolean' || typeof value === 'number' ? '' : textOf(value);
  return (
    <>
      {text !== '' && <p dir="auto" className="whitespace-pre-wrap [overflow-wrap:anywhere]">{text}</p>}
      {rationale && <p dir="auto" className="whitespace-pre-wrap text-muted [overflow-wrap:anywhere]">{rationale}</p>}
      {error && <p className="text-error [overflow-wrap:anywhere]">{error.message ?? error.code ?? 'It failed.'}</p>}
    </>
  );
}

function whoOf({ source }: Said): string {
  return source.id ?? source.kind;
}
