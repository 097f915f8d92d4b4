import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChartNoAxesCombined, ChevronsUpDown, CircleHelp, FlaskConical, GitCompareArrows, Keyboard, ListTree, MessagesSquare, Monitor, Moon, Search, Sun, type LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';

import { ApiError } from '@/api/client';
import { experimentQuery } from '@/api/queries';
import { Menu, MenuItem, MenuLabel } from '@/components/menu';
import { modKey } from '@/lib/shortcuts';
import { setTheme, useTheme, type Theme } from '@/lib/theme';

interface Props {
  experimentId: string | undefined;
  onPalette: () => void;
  onShortcuts: () => void;
}

const ROW = 'flex h-7 w-full items-center gap-2 rounded-md px-2 text-left text-muted hover:bg-hover hover:text-text max-lg:justify-center max-lg:px-0';
const ACTIVE = { className: 'bg-selected! text-accent! font-medium' };
const WORD = 'min-w-0 flex-1 truncate max-lg:sr-only';

/** Icons alone where the window is narrow. */
export function Sidebar({ experimentId, onPalette, onShortcuts }: Props) {
  return (
    <nav aria-label="Main" className="flex w-48 shrink-0 flex-col gap-1 border-r border-line bg-sunken p-2 max-lg:w-12">
      <WorkspaceMenu />
      <button type="button" onClick={onPalette} className={`${ROW} mt-1`} title={`Search and jump (${modKey}K)`}>
        <Search size={15} className="shrink-0" aria-hidden />
        <span className={WORD}>Search</span>
        <kbd className="text-xs text-faint max-lg:hidden">{modKey}K</kbd>
      </button>
      <Link to="/experiments" activeOptions={{ exact: true }} activeProps={ACTIVE} className={ROW} title="Experiments">
        <FlaskConical size={15} className="shrink-0" aria-hidden />
        <span className={WORD}>Experiments</span>
      </Link>
      {experimentId && <ExperimentLinks id={experimentId} />}
      <div className="flex-1" />
      <ThemeMenu />
      <button type="button" onClick={onShortcuts} className={ROW} title="Keyboard shortcuts (?)">
        <Keyboard size={15} className="shrink-0" aria-hidden />
        <span className={WORD}>Shortcuts</span>
        <kbd className="text-xs text-faint max-lg:hidden">?</kbd>
      </button>
      <Link to="/help" activeProps={ACTIVE} className={ROW} title="Help">
        <CircleHelp size={15} className="shrink-0" aria-hidden />
        <span className={WORD}>Help</span>
      </Link>
    </nav>
  );
}

function WorkspaceMenu() {
  const trigger = (
    <button type="button" className="flex h-9 w-full items-center gap-2 rounded-md px-1.5 text-left hover:bg-hover max-lg:justify-center" title="Workspace">
      <Mark />
      <span className="min-w-0 flex-1 leading-tight max-lg:sr-only">
        <span className="block truncate font-semibold">Fanlight</span>
        <span className="block truncate text-xs text-muted">Default workspace</span>
      </span>
      <ChevronsUpDown size={13} className="text-faint max-lg:hidden" aria-hidden />
    </button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuLabel>Workspaces</MenuLabel>
      <MenuItem onSelect={() => undefined}>Default workspace</MenuItem>
    </Menu>
  );
}

function Mark() {
  return (
    <svg viewBox="0 0 24 24" className="size-5 shrink-0 text-accent" fill="none" stroke="currentColor" strokeWidth="1.8" strokeLinecap="round" aria-hidden>
      <path d="M2.5 19a9.5 9.5 0 0 1 19 0zM12 19V9.5M12 19 5.3 12.3M12 19l6.7-6.7M8.2 19a3.8 3.8 0 0 1 7.6 0" />
    </svg>
  );
}

function ExperimentLinks({ id }: { id: string }) {
  const { data, error } = useQuery(experimentQuery(id));
  const params = { experimentId: id };
  if (error instanceof ApiError && error.status === 404) return null;
  return (
    <div className="mt-2 flex flex-col gap-0.5">
      <p className="truncate px-2 pb-0.5 text-xs font-medium text-faint max-lg:sr-only" title={data?.name}>
        {data?.name ?? 'Experiment'}
      </p>
      <Link to="/experiments/$experimentId/overview" params={params} activeProps={ACTIVE} className={ROW} title="Overview">
        <Entry icon={ChartNoAxesCombined}>Overview</Entry>
      </Link>
      <Link to="/experiments/$experimentId/traces" params={params} activeProps={ACTIVE} className={ROW} title="Traces">
        <Entry icon={ListTree}>Traces</Entry>
      </Link>
      <Link to="/experiments/$experimentId/sessions" params={params} activeProps={ACTIVE} className={ROW} title="Sessions">
        <Entry icon={MessagesSquare}>Sessions</Entry>
      </Link>
      <Link to="/experiments/$experimentId/compare" params={params} activeProps={ACTIVE} className={ROW} title="Compare">
        <Entry icon={GitCompareArrows}>Compare</Entry>
      </Link>
    </div>
  );
}

function Entry({ icon: Icon, children }: { icon: LucideIcon; children: ReactNode }) {
  return (
    <>
      <Icon size={15} className="shrink-0" aria-hidden />
      <span className={WORD}>{children}</span>
    </>
  );
}

const THEMES: [Theme, string, LucideIcon][] = [
  ['light', 'Light', Sun],
  ['dark', 'Dark', Moon],
  ['system', 'System', Monitor],
];

function ThemeMenu() {
  const theme = useTheme();
  const [, label, Icon] = THEMES.find(([name]) => name === theme) ?? THEMES[2] ?? ['system', 'System', Monitor];
  const trigger = (
    <button type="button" className={ROW} title="Theme">
      <Icon size={15} className="shrink-0" aria-hidden />
      <span className={WORD}>
        <span className="sr-only">Theme: </span>
        {label}
      </span>
    </button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuLabel>Theme</MenuLabel>
      {THEMES.map(([name, word, Symbol]) => (
        <MenuItem key={name} onSelect={() => setTheme(name)}>
          <Symbol size={14} aria-hidden />
          {word}
        </MenuItem>
      ))}
    </Menu>
  );
}
