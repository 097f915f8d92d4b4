import { Star, ThumbsDown, ThumbsUp } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import type { Schemas } from '@/api/client';
import { Button } from '@/components/button';
import { Labelled, TextArea, TextField } from '@/components/field';
import { cx } from '@/lib/cx';
import { remember, remembered } from '@/lib/remembered';

import { formOf, NAMES, STARS, textOf, valueOf, type Form } from './assessment-value';

type Said = Schemas['AssessmentView'];
export type New = Schemas['NewAssessmentBody'];

const FORMS: [Form, string][] = [['thumbs', 'Thumbs'], ['stars', 'Rating'], ['number', 'Number'], ['text', 'Comment'], ['json', 'JSON']];
const WHO = 'fanlight.reviewer';

/** Who speaks here, where they said so before. */
export function reviewer(): { by?: string } {
  const by = remembered(WHO) ?? '';
  return by === '' ? {} : { by };
}

interface Props {
  /** What is changed; `null` for something new. */
  of: Said | null;
  spanId: string | null;
  isBusy: boolean;
  onSave: (body: New) => void;
  onCancel: () => void;
}

export function AssessmentEditor({ of, spanId, isBusy, onSave, onCancel }: Props) {
  const [kind, setKind] = useState(of?.kind ?? 'feedback');
  const [form, setForm] = useState<Form>(of ? formOf(of.name, of.value) : 'stars');
  const [named, setName] = useState(of?.name ?? null);
  const [typed, setTyped] = useState(of ? textOf(of.value) : '');
  const [rationale, setRationale] = useState(of?.rationale ?? '');
  const [by, setBy] = useState(() => remembered(WHO) ?? '');
  const name = named ?? (kind === 'expectation' ? 'expected_response' : NAMES[form]);
  const value = valueOf(form, typed);
  const save = () => {
    remember(WHO, by.trim());
    const span = of ? of.span_id : spanId;
    onSave({ name: name.trim(), kind, value, rationale: rationale.trim(), ...reviewer(), ...(of ? { overrides: of.id } : {}), ...(span === null ? {} : { span_id: span }) });
  };
  const choose = (next: Form) => {
    setForm(next);
    if (valueOf(next, typed) === undefined) setTyped('');
  };
  return (
    <form
      aria-label={of ? `Edit ${of.name}` : 'New assessment'}
      className="flex flex-col gap-2.5 rounded-md border border-line-strong bg-sunken p-3"
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      {!of && (
        <Choice legend="What it is" options={[['feedback', 'Feedback'], ['expectation', 'Expectation']]} chosen={kind} onChoose={(next) => { setKind(next); if (next === 'expectation') choose('text'); }} />
      )}
      <Choice legend="Value" options={FORMS.map(([id, label]) => [id, id === 'text' && kind === 'expectation' ? 'Text' : label])} chosen={form} onChoose={choose} />
      <ValueInput form={form} typed={typed} onTyped={setTyped} />
      <div className="flex gap-2">
        <Labelled label="Name"><TextField value={name} onChange={(event) => setName(event.target.value)} /></Labelled>
        <Labelled label="Your name"><TextField value={by} placeholder="nobody in particular" onChange={(event) => setBy(event.target.value)} /></Labelled>
      </div>
      <Labelled label="Why"><TextArea rows={2} value={rationale} onChange={(event) => setRationale(event.target.value)} /></Labelled>
      <div className="flex gap-2">
        <Button look="primary" type="submit" disabled={isBusy || name.trim() === '' || value === undefined}>Save</Button>
        <Button onClick={onCancel}>Cancel</Button>
      </div>
    </form>
  );
}

function Choice<T extends string>({ legend, options, chosen, onChoose }: { legend: string; options: [T, string][]; chosen: T; onChoose: (id: T) => void }) {
  return (
    <div role="group" aria-label={legend} className="flex flex-wrap items-center gap-1">
      {options.map(([id, label]) => (
        <button key={id} type="button" aria-pressed={chosen === id} onClick={() => onChoose(id)} className="h-6 rounded-md px-2 text-sm text-muted hover:bg-hover aria-pressed:bg-selected aria-pressed:font-medium aria-pressed:text-accent">
          {label}
        </button>
      ))}
    </div>
  );
}

function ValueInput({ form, typed, onTyped }: { form: Form; typed: string; onTyped: (text: string) => void }) {
  switch (form) {
    case 'thumbs':
      return (
        <Radios legend="Thumbs" typed={typed} onTyped={onTyped} options={[['true', 'Good', <ThumbsUp key="up" size={16} />], ['false', 'Bad', <ThumbsDown key="down" size={16} />]]} isOn={(id) => id === typed} />
      );
    case 'stars':
      return (
        <Radios
          legend="Rating from 1 to 5"
          typed={typed}
          onTyped={onTyped}
          options={STARS.map((star) => [String(star), `${star} of 5`, <Star key={star} size={18} className={Number(typed) >= star ? 'fill-current' : undefined} />])}
          isOn={(id) => Number(typed) >= Number(id)}
        />
      );
    case 'number':
      return <TextField type="number" step="any" aria-label="Number" value={typed} onChange={(event) => onTyped(event.target.value)} />;
    case 'text':
      return <TextArea rows={3} aria-label="Text" value={typed} onChange={(event) => onTyped(event.target.value)} />;
    case 'json':
      return <TextArea rows={3} aria-label="JSON" className="font-mono" value={typed} onChange={(event) => onTyped(event.target.value)} />;
  }
}

interface RadiosProps {
  legend: string;
  options: [id: string, label: string, icon: ReactNode][];
  typed: string;
  onTyped: (text: string) => void;
  isOn: (id: string) => boolean;
}

/** Pictures to choose one of; the arrow keys go from one to the next. */
function Radios({ legend, options, typed, onTyped, isOn }: RadiosProps) {
  return (
    <fieldset className="flex items-center gap-1">
      <legend className="sr-only">{legend}</legend>
      {options.map(([id, label, icon]) => (
        <label key={id} title={label} className={cx('flex size-7 cursor-pointer items-center justify-center rounded-md hover:bg-hover has-focus-visible:outline-2 has-focus-visible:outline-accent', isOn(id) ? 'text-accent' : 'text-faint')}>
          <input type="radio" name={legend} className="sr-only" aria-label={label} checked={typed === id} onChange={() => onTyped(id)} />
          {icon}
        </label>
      ))}
    </fieldset>
  );
}
