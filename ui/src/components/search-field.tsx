import { Search } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';

import { TextField } from '@/components/field';
import { cx } from '@/lib/cx';

interface Props {
  label: string;
  placeholder: string;
  text: string;
  onText: (text: string) => void;
  onEnter: () => void;
  fieldRef: RefObject<HTMLInputElement | null>;
  className: string;
  /** At its right end. */
  children?: ReactNode;
}

/** What is looked for. Enter asks at once, Escape leaves the field. */
export function SearchField({ label, placeholder, text, onText, onEnter, fieldRef, className, children }: Props) {
  return (
    <div className={cx('relative', className)}>
      <Search size={13} className="absolute top-[7.5px] left-2 text-faint" aria-hidden />
      <TextField
        ref={fieldRef}
        type="search"
        aria-label={label}
        placeholder={placeholder}
        className="px-7!"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
          if (event.key === 'Enter') onEnter();
        }}
      />
      {children}
    </div>
  );
}
