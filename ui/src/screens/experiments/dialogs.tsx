/** Questions about one experiment. */

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { call, type Schemas } from '@/api/client';
import { Button } from '@/components/button';
import { Dialog } from '@/components/dialog';
import { Labelled, TextField } from '@/components/field';
import { messageOf } from '@/components/states';
import { Tag } from '@/components/tag';
import { notify } from '@/components/toast';
import { formatWhole } from '@/format';

type Experiment = Schemas['ExperimentView'];

/** Does something to experiments, and shows what they are afterwards. */
function useChange<T>(change: (asked: T) => Promise<unknown>, done: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['experiments'] });
      done();
    },
  });
}

/** A new experiment, or a new name for one. */
export function NameDialog({ experiment, onClose }: { experiment?: Experiment; onClose: () => void }) {
  const [name, setName] = useState(experiment?.name ?? '');
  const { mutate, error, isPending } = useChange(
    () =>
      experiment
        ? call('patch', '/experiments/{experiment_id}', { path: { experiment_id: experiment.id }, body: { name } })
        : call('post', '/experiments', { body: { name } }),
    onClose,
  );
  return (
    <Dialog open onClose={onClose} title={experiment ? 'Rename experiment' : 'New experiment'}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          mutate(undefined);
        }}
      >
        <Labelled label="Name" error={error && messageOf(error)}>
          <TextField autoFocus required value={name} onChange={(event) => setName(event.target.value)} onFocus={(event) => event.target.select()} />
        </Labelled>
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={isPending || name.trim() === ''}>
            {experiment ? 'Rename' : 'Create'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function TagsDialog({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const [tags, setTags] = useState(experiment.tags);
  const [key, setKey] = useState('');
  const [value, setValue] = useState('');
  const typed = key.trim() === '' ? tags : { ...tags, [key.trim()]: value };
  const { mutate, error, isPending } = useChange(
    () =>
      call('patch', '/experiments/{experiment_id}', {
        path: { experiment_id: experiment.id },
        body: {
          set_tags: Object.fromEntries(Object.entries(typed).filter(([name, text]) => experiment.tags[name] !== text)),
          remove_tags: Object.keys(experiment.tags).filter((name) => !Object.hasOwn(typed, name)),
        },
      }),
    onClose,
  );
  const add = () => {
    setTags(typed);
    setKey('');
    setValue('');
  };
  return (
    <Dialog open onClose={onClose} title={`Tags of ${experiment.name}`}>
      <form
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          mutate(undefined);
        }}
      >
        <div className="flex flex-wrap gap-1">
          {Object.entries(tags).map(([name, text]) => (
            <Tag key={name} name={name} value={text} onRemove={() => setTags(Object.fromEntries(Object.entries(tags).filter(([other]) => other !== name)))} />
          ))}
          {Object.keys(tags).length === 0 && <span className="text-sm text-muted">No tags yet.</span>}
        </div>
        <div className="flex items-end gap-2">
          <Labelled label="Key">
            <TextField autoFocus value={key} onChange={(event) => setKey(event.target.value)} />
          </Labelled>
          <Labelled label="Value">
            <TextField value={value} onChange={(event) => setValue(event.target.value)} />
          </Labelled>
          <Button onClick={add} disabled={key.trim() === ''}>
            Add
          </Button>
        </div>
        {error && (
          <p role="alert" className="text-sm text-error">
            {messageOf(error)}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function DeleteDialog({ experiment, onClose }: { experiment: Experiment; onClose: () => void }) {
  const queries = useQueryClient();
  const path = { experiment_id: experiment.id };
  const bringBack = () => {
    call('post', '/experiments/{experiment_id}/restore', { path })
      .then(() => queries.invalidateQueries({ queryKey: ['experiments'] }))
      .catch((error: unknown) => notify({ text: messageOf(error), isError: true }));
  };
  const { mutate, error, isPending } = useChange(
    () => call('delete', '/experiments/{experiment_id}', { path }),
    () => {
      onClose();
      notify({ text: `Deleted ${experiment.name}.`, action: { label: 'Undo', run: bringBack } });
    },
  );
  return (
    <Dialog open onClose={onClose} title={`Delete ${experiment.name}?`} description={`It and its ${formatWhole(experiment.traces)} traces are hidden, and can be brought back.`}>
      {error && (
        <p role="alert" className="mb-3 text-sm text-error">
          {messageOf(error)}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button autoFocus onClick={onClose}>
          Cancel
        </Button>
        <Button look="danger" disabled={isPending} onClick={() => mutate(undefined)}>
          Delete
        </Button>
      </div>
    </Dialog>
  );
}
