import { Dialog } from '@/components/dialog';
import { modKey } from '@/lib/shortcuts';

const GROUPS: [string, [string, string][]][] = [
  ['Everywhere', [[`${modKey}K`, 'Search and jump'], ['g e', 'Experiments'], ['g t', 'Traces'], ['g s', 'Sessions'], ['g o', 'Overview'], ['g c', 'Compare'], [`${modKey}J`, 'Light or dark'], ['?', 'This list']]],
  ['In a list', [['j / k', 'Next and previous row; an open trace follows'], ['Enter', 'Open the row beside the list, then as a page'], ['x', 'Select the row'], ['/', 'Search texts'], ['f', 'Filter'], ['l', 'Live'], ['Esc', 'Close the trace, or nothing selected']]],
  ['In a trace', [['j / k', 'Next and previous span'], ['← / →', 'Close and open a span'], ['[ / ]', 'Previous and next trace'], ['+ / -', 'Shorter and longer time'], ['0', 'All of the time'], ['/', 'Search in the trace'], ['Esc', 'Back to the list']]],
];

export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  return (
    <Dialog open onClose={onClose} title="Keyboard shortcuts" wide>
      <div className="grid grid-cols-3 gap-6 max-sm:grid-cols-1">
        {GROUPS.map(([name, keys]) => (
          <section key={name}>
            <h3 className="mb-2 text-sm font-medium text-muted">{name}</h3>
            <dl className="flex flex-col gap-1.5">
              {keys.map(([key, what]) => (
                <div key={key} className="flex items-center justify-between gap-3">
                  <dd>{what}</dd>
                  <dt>
                    <kbd className="rounded-sm border border-line-strong bg-sunken px-1.5 text-xs whitespace-nowrap">{key}</kbd>
                  </dt>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
