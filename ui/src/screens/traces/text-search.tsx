import { X } from 'lucide-react';
import { useEffect, useState, type RefObject } from 'react';

import { SearchField } from '@/components/search-field';

interface Props {
  text: string;
  onText: (text: string) => void;
  fieldRef: RefObject<HTMLInputElement | null>;
}

/** Words that are looked for in all texts of a trace; asked for when the reader stops typing. */
export function TextSearch({ text, onText, fieldRef }: Props) {
  const [typed, setTyped] = useState(text);
  const [told, setTold] = useState(text);
  // Somebody else changed it: going back, or a link.
  if (text !== told) {
    setTold(text);
    setTyped(text);
  }
  useEffect(() => {
    if (typed === told) return;
    const timer = window.setTimeout(() => {
      setTold(typed);
      onText(typed);
    }, 350);
    return () => window.clearTimeout(timer);
  }, [typed, told, onText]);
  return (
    <SearchField
      label="Search all texts"
      placeholder="Search all texts ( / )"
      text={typed}
      onText={setTyped}
      onEnter={() => {
        setTold(typed);
        onText(typed);
      }}
      fieldRef={fieldRef}
      className="w-64 shrink-0 max-md:w-40"
    >
      {typed !== '' && (
        <button type="button" aria-label="Search nothing" className="absolute top-[7px] right-2 text-faint hover:text-text" onClick={() => setTyped('')}>
          <X size={14} />
        </button>
      )}
    </SearchField>
  );
}
