/** What can be done with the chosen rows. */

import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Download, GitCompareArrows, Tags, Trash2, X } from 'lucide-react';
import { useState } from 'react';

import { call } from '@/api/client';
import { Button, IconButton } from '@/components/button';
import { Dialog } from '@/components/dialog';
import { Labelled, TextField } from '@/components/field';
import { Menu, MenuItem } from '@/components/menu';
import { messageOf } from '@/components/states';
import { notify } from '@/components/toast';
import { formatWhole } from '@/format';
import { lots } from '@/lib/lots';

import { exportTraces, type ExportFormat } from './export';

interface Props {
  experimentId: string;
  ids: string[];
  onClear: () => void;
  onDeleted: (ids: string[]) => void;
}

/** Traces one request takes. */
const AT_ONCE = 1000;

export function SelectionBar({ experimentId, ids, onClear, onDeleted }: Props) {
  const [asks, setAsks] = useState<'tag' | 'delete' | null>(null);
  const queries = useQueryClient();
  const done = (text: string) => {
    setAsks(null);
    notify({ text });
    void queries.invalidateQueries();
  };
  const [a, b] = ids;
  return (
    <div className="flex h-9 shrink-0 items-center gap-1.5 border-t border-line bg-surface px-3" role="toolbar" aria-label="Selected traces">
      <span className="font-medium">{formatWhole(ids.length)} selected</span>
      <IconButton label="Select nothing (Esc)" className="size-6" onClick={onClear}>
        <X size={14} />
      </IconButton>
      <span className="flex-1" />
      {ids.length === 2 && (
        <Link
          to="/experiments/$experimentId/compare"
          params={{ experimentId }}
          search={{ a: a ?? '', b: b ?? '' }}
          className="inline-flex h-7 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-2.5 text-sm hover:bg-hover"
        >
          <GitCompareArrows size={14} aria-hidden /> Compare
        </Link>
      )}
      <Button onClick={() => setAsks('tag')}>
        <Tags size={14} aria-hidden /> Tag
      </Button>
      <ExportMenu experimentId={experimentId} filter="" ids={ids} label="Export" />
      <Button onClick={() => setAsks('delete')} className="text-error">
        <Trash2 size={14} aria-hidden /> Delete
      </Button>
      {asks === 'tag' && <TagDialog ids={ids} onClose={() => setAsks(null)} onDone={() => done(`Tagged ${tracesText(ids.length)}.`)} />}
      {asks === 'delete' && (
        <DeleteDialog
          ids={ids}
          onClose={() => setAsks(null)}
          onDone={(count) => {
            onClear();
            onDeleted(ids);
            done(`Deleted ${tracesText(count)}.`);
          }}
        />
      )}
    </div>
  );
}

export function ExportMenu({ experimentId, filter, ids, label }: { experimentId: string; filter: string; ids: string[] | null; label: string }) {
  const [isBusy, setBusy] = useState(false);
  const run = (format: ExportFormat) => {
    setBusy(true);
    exportTraces(format, { experimentId, filter, ids })
      .then(() => notify({ text: 'The export is saved.' }))
      .catch((error: unknown) => notify({ text: messageOf(error), isError: true }))
      .finally(() => setBusy(false));
  };
  const trigger =
    ids === null ? (
      <IconButton label={label} disabled={isBusy}>
        <Download size={15} className={isBusy ? 'animate-pulse' : undefined} />
      </IconButton>
    ) : (
      <Button disabled={isBusy}>
        <Download size={14} aria-hidden /> {isBusy ? 'Exporting…' : label}
      </Button>
    );
  return (
    <Menu align="end" trigger={trigger}>
      <MenuItem onSelect={() => run('jsonl')}>JSONL: whole traces, OTLP</MenuItem>
      <MenuItem onSelect={() => run('csv')}>CSV: a row per trace</MenuItem>
      <MenuItem onSelect={() => run('parquet')}>Parquet: a row per trace</MenuItem>
    </Menu>
  );
}

function TagDialog({ ids, onClose, onDone }: { ids: string[]; onClose: () => void; onDone: () => void }) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isRemoving, setRemoving] = useState(false);
  const save = async () => {
    try {
      for (const traces of lots(ids, AT_ONCE)) {
        await call('post', '/traces/tags', { body: isRemoving ? { traces, remove: [key] } : { traces, set: { [key]: value } } });
      }
      onDone();
    } catch (cause) {
      setError(messageOf(cause));
    }
  };
  return (
    <Dialog open onClose={onClose} title={`Tag ${tracesText(ids.length)}`}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Labelled label="Key" error={error}>
          <TextField autoFocus required value={key} onChange={(event) => setKey(event.target.value)} />
        </Labelled>
        <Labelled label="Value">
          <TextField value={value} disabled={isRemoving} onChange={(event) => setValue(event.target.value)} />
        </Labelled>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" className="accent-accent" checked={isRemoving} onChange={(event) => setRemoving(event.target.checked)} />
          Remove the tag instead
        </label>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={key.trim() === ''}>
            {isRemoving ? 'Remove tag' : 'Set tag'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function DeleteDialog({ ids, onClose, onDone }: { ids: string[]; onClose: () => void; onDone: (count: number) => void }) {
  const [error, setError] = useState<string | null>(null);
  const remove = async () => {
    try {
      let count = 0;
      for (const traces of lots(ids, AT_ONCE)) count += (await call('post', '/traces/delete', { body: { traces } })).traces;
      onDone(count);
    } catch (cause) {
      setError(messageOf(cause));
    }
  };
  return (
    <Dialog open onClose={onClose} title={`Delete ${tracesText(ids.length)}?`} description="Their spans, tags and assessments go with them. This cannot be undone.">
      {error && (
        <p role="alert" className="mb-3 text-error">
          {error}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button autoFocus onClick={onClose}>
          Cancel
        </Button>
        <Button look="danger" onClick={() => void remove()}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}

function tracesText(count: number): string {
  return count === 1 ? '1 trace' : `${formatWhole(count)} traces`;
}
