/** A captured value: as markdown, as text or as a tree. */

import { ChevronDown, ChevronRight } from 'lucide-react';
import { lazy, Suspense, useContext, useMemo, useState } from 'react';

import { CopyButton } from '@/components/copy';
import { formatWhole } from '@/format';

import { MARKDOWN_CHARS } from './limits';
import { Wanted } from './use-find';

const Markdown = lazy(() => import('./markdown'));

const STEP_CHARS = 20_000;
const STEP_ITEMS = 100;
/** Letters that are shown at once because something is looked for in them. */
const MOST_CHARS = 400_000;

/** The beginning of a text, and more of it on demand. */
export function LongText({ text }: { text: string }) {
  const [asked, setShown] = useState(STEP_CHARS);
  const shown = Math.max(asked, usePlace(text));
  return (
    <>
      <pre dir="auto" className="font-sans whitespace-pre-wrap [overflow-wrap:anywhere] [unicode-bidi:isolate]">{text.slice(0, shown)}</pre>
      {text.length > shown && (
        <button type="button" className="mt-1 text-sm text-accent hover:underline" onClick={() => setShown(shown + 10 * STEP_CHARS)}>
          Show more ({formatWhole(text.length - shown)} characters)
        </button>
      )}
    </>
  );
}

/** Letters up to behind the last place that is looked for, as far as the page stays quick. */
function usePlace(text: string): number {
  const wanted = useContext(Wanted);
  return useMemo(() => {
    if (wanted === '' || text.length <= STEP_CHARS) return 0;
    const at = text.slice(0, MOST_CHARS).toLowerCase().lastIndexOf(wanted.toLowerCase());
    return at < 0 ? 0 : at + wanted.length + 500;
  }, [text, wanted]);
}

/** Whether what is looked for is somewhere in it. */
function useHas(value: unknown): boolean {
  const wanted = useContext(Wanted);
  return useMemo(() => wanted !== '' && typeof value === 'object' && value !== null && hasText(value, wanted.toLowerCase()), [value, wanted]);
}

function hasText(value: unknown, wanted: string): boolean {
  if (typeof value !== 'object' || value === null) return String(value).toLowerCase().includes(wanted);
  return Object.entries(value).some(([key, inner]) => (!Array.isArray(value) && key.toLowerCase().includes(wanted)) || hasText(inner, wanted));
}

export function Prose({ text }: { text: string }) {
  if (text.length > MARKDOWN_CHARS) return <LongText text={text} />;
  return (
    <Suspense fallback={<LongText text={text} />}>
      <Markdown text={text} />
    </Suspense>
  );
}

export function JsonTree({ value, name, open = true }: { value: unknown; name?: string; open?: boolean }) {
  const [choice, setOpen] = useState<boolean | null>(null);
  const has = useHas(value);
  const isOpen = choice ?? (open || has);
  const [shown, setShown] = useState(STEP_ITEMS);
  const label = name === undefined ? null : <span className="text-muted">{name}: </span>;
  if (typeof value !== 'object' || value === null) {
    const isText = typeof value === 'string';
    return <div className="[overflow-wrap:anywhere]">{label}{isText && value.length > 300 ? <LongText text={value} /> : <span className={isText ? '' : 'text-accent'}>{isText ? value : JSON.stringify(value)}</span>}</div>;
  }
  const entries: [string, unknown][] = Array.isArray(value) ? value.map((item, at) => [String(at), item]) : Object.entries(value);
  const size = `${entries.length} ${Array.isArray(value) ? 'item' : 'member'}${entries.length === 1 ? '' : 's'}`;
  return (
    <div>
      <button type="button" aria-expanded={isOpen} className="inline-flex items-center gap-0.5" onClick={() => setOpen(!isOpen)}>
        {isOpen ? <ChevronDown size={12} aria-hidden /> : <ChevronRight size={12} aria-hidden />}
        {label}
        <span className="text-xs text-faint">{size}</span>
      </button>
      {isOpen && (
        <div className="ml-1.5 border-l border-line pl-3">
          {entries.slice(0, shown).map(([key, item]) => <JsonTree key={key} name={key} value={item} open={entries.length < 20} />)}
          {entries.length > shown && <button type="button" className="text-sm text-accent hover:underline" onClick={() => setShown(shown + 10 * STEP_ITEMS)}>Show more ({entries.length - shown})</button>}
        </div>
      )}
    </div>
  );
}

type Mode = 'markdown' | 'text' | 'json';

export function Content({ title, value }: { title: string; value: unknown }) {
  const [mode, setMode] = useState<Mode>(typeof value === 'string' ? 'markdown' : 'json');
  if (value === null || value === undefined) return null;
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return (
    <section className="rounded-md border border-line">
      <header className="flex h-7 items-center gap-1 border-b border-line bg-sunken px-2 text-sm">
        <h3 className="flex-1 font-medium">{title}</h3>
        {(['markdown', 'text', 'json'] as const).map((name) => (
          <button key={name} type="button" aria-pressed={mode === name} className="rounded-sm px-1.5 text-xs text-muted hover:bg-hover aria-pressed:bg-selected aria-pressed:text-accent" onClick={() => setMode(name)}>{name}</button>
        ))}
        <CopyButton text={text} label={`Copy ${title}`} />
      </header>
      <div className="p-2">{mode === 'json' ? <JsonTree value={value} /> : mode === 'text' ? <LongText text={text} /> : <Prose text={text} />}</div>
    </section>
  );
}
