import { Outlet, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';

import { Toaster } from '@/components/toast';
import { setTheme, theme } from '@/lib/theme';
import { useShortcuts } from '@/lib/shortcuts';
import { useGo } from '@/shell/go';

import { Sidebar } from './sidebar';

const Palette = lazy(() => import('./palette'));
const ShortcutHelp = lazy(() => import('./shortcut-help'));

/** What surrounds every screen. */
export function Shell() {
  const [over, setOver] = useState<'palette' | 'shortcuts' | null>(null);
  const { experimentId } = useParams({ strict: false });
  const go = useGo(experimentId);
  useShortcuts({
    'mod+k': () => setOver('palette'),
    '?': () => setOver('shortcuts'),
    'g e': go.experiments,
    'g t': go.traces,
    'g s': go.sessions,
    'g o': go.overview,
    'g c': go.compare,
    'mod+j': () => setTheme(theme() === 'dark' ? 'light' : 'dark'),
  });
  return (
    <div className="flex h-full">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:z-50 focus:bg-surface focus:p-2">
        Skip to content
      </a>
      <Sidebar experimentId={experimentId} onPalette={() => setOver('palette')} onShortcuts={() => setOver('shortcuts')} />
      <main id="main" className="flex min-w-0 flex-1 flex-col">
        <Outlet />
      </main>
      <Suspense>
        {over === 'palette' && <Palette experimentId={experimentId} onClose={() => setOver(null)} onShortcuts={() => setOver('shortcuts')} />}
        {over === 'shortcuts' && <ShortcutHelp onClose={() => setOver(null)} />}
      </Suspense>
      <Toaster />
    </div>
  );
}
