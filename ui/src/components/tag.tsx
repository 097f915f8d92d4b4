import { X } from 'lucide-react';

/** A key and its value, one line. */
export function Tag({ name, value, onRemove }: { name: string; value: string; onRemove?: () => void }) {
  return (
    <span className="inline-flex max-w-80 items-center rounded-sm bg-hover px-1.5 text-xs leading-[17px]" title={`${name}: ${value}`}>
      <span className="truncate text-muted">{name}</span>
      {value && <span className="ml-1 max-w-[70%] shrink-0 truncate">{value}</span>}
      {onRemove && (
        <button type="button" aria-label={`Remove tag ${name}`} className="-mr-0.5 ml-1 text-faint hover:text-text" onClick={onRemove}>
          <X size={11} />
        </button>
      )}
    </span>
  );
}
