import { autocompletion, acceptCompletion, closeCompletion, completionStatus, startCompletion, type Completion, type CompletionContext, type CompletionResult } from '@codemirror/autocomplete';
import { history, historyKeymap } from '@codemirror/commands';
import { EditorState, Prec, StateEffect, StateField } from '@codemirror/state';
import { Decoration, EditorView, keymap, placeholder, type DecorationSet } from '@codemirror/view';
import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';

import { call } from '@/api/client';
import { styleNonce } from '@/lib/base';

import { FIXED_KEYS, operatorsOf, placeAt, propertyOf } from './completion';
import { PLACEHOLDER, type FilterBarProps } from './filter-bar';
import { quoted, quotedKey } from './filter-text';

/** Time of peace after which what was typed is asked for. */
const PAUSE_MS = 500;

const setFault = StateEffect.define<number | null>();

/** Underlines the place the server complains about, until something is typed. */
const fault = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (!effect.is(setFault)) continue;
      const text = transaction.state.doc.toString();
      if (effect.value === null || text === '') return Decoration.none;
      const from = Math.min(effect.value, text.length - 1);
      const word = /^[^\s()]+/.exec(text.slice(from))?.[0].length ?? 1;
      return Decoration.set([Decoration.mark({ class: 'cm-fault' }).range(from, Math.min(text.length, from + word))]);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  '&': { flex: '1', minWidth: '0', fontSize: '12px', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { padding: '0', fontFamily: 'var(--font-mono)', caretColor: 'var(--color-text)' },
  '.cm-line': { padding: '0' },
  '.cm-scroller': { overflowX: 'auto', overflowY: 'hidden', scrollbarWidth: 'none', lineHeight: '26px' },
  '.cm-placeholder': { color: 'var(--color-faint)' },
  '.cm-cursor': { borderLeftColor: 'var(--color-text)' },
  '.cm-fault': { textDecoration: 'underline wavy var(--color-error)', textUnderlineOffset: '3px' },
  '.cm-tooltip': { marginTop: '5px', border: 'none', borderRadius: 'var(--radius-lg)', backgroundColor: 'var(--color-surface)', color: 'var(--color-text)', boxShadow: 'var(--shadow-float)', overflow: 'hidden' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--font-mono)', fontSize: '12px', maxHeight: '16em', padding: '4px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px', borderRadius: 'var(--radius-md)' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--color-hover)', color: 'var(--color-text)' },
  '.cm-completionDetail': { color: 'var(--color-muted)', fontStyle: 'normal', marginLeft: '1.5em', fontFamily: 'var(--font-sans)' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--color-accent)' },
});

export default function FilterEditor({ experimentId, filter, onFilter, error, focusCount }: FilterBarProps) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const queries = useQueryClient();
  const tell = useRef(onFilter);
  const told = useRef(filter);
  useEffect(() => {
    tell.current = onFilter;
  });

  useEffect(() => {
    if (!place.current) return;
    let timer: number | undefined;
    const say = (text: string) => {
      window.clearTimeout(timer);
      if (text === told.current) return;
      told.current = text;
      tell.current(text);
    };
    const sayWhenWhole = () => {
      const { state } = editor;
      const isChoosing = completionStatus(state) === 'active' && placeAt(state.doc.toString(), state.selection.main.head).kind !== 'joiner';
      // Half a condition would be wrong; its other half is being chosen.
      if (isChoosing) timer = window.setTimeout(sayWhenWhole, PAUSE_MS);
      else say(state.doc.toString());
    };
    const editor = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: told.current,
        extensions: [
          styleNonce === undefined ? [] : EditorView.cspNonce.of(styleNonce),
          look,
          fault,
          history(),
          placeholder(PLACEHOLDER),
          EditorView.contentAttributes.of({ 'aria-label': 'Filter', spellcheck: 'false', autocorrect: 'off' }),
          // One line, whatever is pasted.
          EditorState.transactionFilter.of((transaction) => (transaction.newDoc.lines > 1 ? [] : transaction)),
          EditorView.clipboardInputFilter.of((text) => text.replace(/\s*\n\s*/g, ' ')),
          autocompletion({ override: [(context) => complete(context, experimentId, queries)], icons: false, activateOnTypingDelay: 60, interactionDelay: 0, activateOnCompletion: () => true }),
          Prec.highest(
            keymap.of([
              { key: 'Tab', run: acceptCompletion },
              {
                key: 'Enter',
                run: (editor) => {
                  if (completionStatus(editor.state) === 'active' && acceptCompletion(editor)) return true;
                  closeCompletion(editor);
                  say(editor.state.doc.toString());
                  return true;
                },
              },
              {
                key: 'Escape',
                run: (editor) => {
                  if (closeCompletion(editor)) return true;
                  editor.contentDOM.blur();
                  return true;
                },
              },
            ]),
          ),
          // All else browsers do by themselves in one line.
          keymap.of(historyKeymap),
          EditorView.updateListener.of((update) => {
            if (update.focusChanged && update.view.hasFocus && update.state.doc.length === 0) startCompletion(update.view);
            if (!update.docChanged) return;
            window.clearTimeout(timer);
            timer = window.setTimeout(sayWhenWhole, PAUSE_MS);
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      window.clearTimeout(timer);
      editor.destroy();
      view.current = null;
    };
  }, [experimentId, queries]);

  // What somebody else changed, such as a facet.
  useEffect(() => {
    const editor = view.current;
    if (!editor || told.current === filter) return;
    told.current = filter;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: filter } });
  }, [filter]);

  const at = error?.at ?? null;
  useEffect(() => {
    view.current?.dispatch({ effects: setFault.of(at) });
  }, [at, error]);

  useEffect(() => {
    if (focusCount > 0) view.current?.focus();
  }, [focusCount]);

  return <div ref={place} className="flex min-w-0 flex-1" />;
}

/** Keys, operators and values; the last of real data. */
async function complete(context: CompletionContext, experimentId: string, queries: QueryClient): Promise<CompletionResult | null> {
  const { kind, from, typed, key } = placeAt(context.state.doc.toString(), context.pos);
  const options = await optionsOf(kind, key, typed, experimentId, queries);
  if (options.length === 0 || context.aborted) return null;
  return { from, options, filter: kind !== 'value' };
}

async function optionsOf(kind: string, key: string, typed: string, experimentId: string, queries: QueryClient): Promise<Completion[]> {
  if (kind === 'joiner') return ['AND', 'OR'].map((word) => ({ label: word, apply: `${word} ` }));
  if (kind === 'operator') return inOrder(operatorsOf(key).map((word) => ({ label: word, apply: word.endsWith('IN') ? `${word} (` : `${word} ` })));
  if (kind === 'key') {
    const [tags, attributes, metadata] = await Promise.all((['tag', 'attribute', 'metadata'] as const).map((of) => keysOf(of, experimentId, queries)));
    return [
      ...FIXED_KEYS.map(([label, detail]) => ({ label, detail, apply: `${label} `, boost: 2 })),
      ...(tags ?? []).map((name) => ({ label: `tags.${quotedKey(name)}`, detail: 'tag', apply: `tags.${quotedKey(name)} `, boost: 1 })),
      ...(metadata ?? []).map((name) => ({ label: `metadata.${quotedKey(name)}`, detail: 'metadata', apply: `metadata.${quotedKey(name)} ` })),
      ...(attributes ?? []).map((name) => ({ label: `span.attributes.${quotedKey(name)}`, detail: 'attribute', apply: `span.attributes.${quotedKey(name)} ` })),
    ];
  }
  const property = propertyOf(key);
  if (property === null) return [];
  const reply = await queries.query({
    queryKey: ['values', experimentId, property, typed],
    queryFn: () => call('get', '/values', { query: { property, experiments: experimentId, prefix: typed, limit: '40' } }),
    staleTime: 10_000,
  });
  return reply.values.map((value) => ({ label: value, apply: `${quoted(value)} ` }));
}

/** As they are given: the editor would sort them by their letters. */
function inOrder(options: Completion[]): Completion[] {
  return options.map((option, place) => ({ ...option, boost: 50 - place }));
}

async function keysOf(of: string, experimentId: string, queries: QueryClient): Promise<string[]> {
  const reply = await queries.query({
    queryKey: ['keys', experimentId, of],
    queryFn: () => call('get', '/keys', { query: { of, experiments: experimentId, limit: '300' } }),
    staleTime: 30_000,
  });
  return reply.values;
}
