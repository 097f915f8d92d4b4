import { useRef, useState } from 'react';

import { ApiError } from '@/api/client';
import { useShortcuts } from '@/lib/shortcuts';
import { aboutTyped, type Scope } from '@/screens/traces/address';
import { FilterBar } from '@/screens/traces/filter-bar';
import { TextSearch } from '@/screens/traces/text-search';

interface Props {
  experimentId: string;
  scope: Scope;
  onScope: (change: Partial<Scope>) => void;
  /** Of the question that was asked with this scope. */
  error: Error | null;
}

/** The filter and the words that choose traces. */
export function ScopeBar({ experimentId, scope, onScope, error }: Props) {
  const [focusCount, setFocusCount] = useState(0);
  const textField = useRef<HTMLInputElement>(null);
  useShortcuts({ '/': () => textField.current?.focus(), f: () => setFocusCount((count) => count + 1) });
  return (
    <div className="flex h-9 shrink-0 items-center gap-2 border-b border-line px-3">
      <FilterBar
        experimentId={experimentId}
        filter={scope.filter}
        onFilter={(filter) => onScope({ filter })}
        error={isFilterError(error) ? aboutTyped(error.message, scope.filter) : null}
        focusCount={focusCount}
      />
      <TextSearch text={scope.text} onText={(text) => onScope({ text })} fieldRef={textField} />
    </div>
  );
}

export function isFilterError(error: Error | null): error is ApiError {
  return error instanceof ApiError && error.field === 'filter';
}
