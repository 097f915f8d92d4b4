import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';

import { experimentQuery } from '@/api/queries';

interface Props {
  experimentId?: string;
  /** The places below the experiment; the last one is where the reader is. */
  crumbs: { label: string; to?: ReactNode }[];
  /** Actions at the right. */
  children?: ReactNode;
}

/** The first line of every screen: where one is, and what can be done here. */
export function TopBar({ experimentId, crumbs, children }: Props) {
  const { data, error } = useQuery({ ...experimentQuery(experimentId ?? ''), enabled: experimentId !== undefined });
  const title = [...crumbs.map((crumb) => crumb.label).reverse(), data?.name, 'Fanlight'].filter(Boolean).join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
  return (
    <header className="flex h-bar shrink-0 items-center gap-2 border-b border-line px-3">
      <nav aria-label="Breadcrumbs" className="flex min-w-0 flex-1 items-center gap-1">
        {experimentId !== undefined && (
          <>
            <Link to="/experiments" className="shrink-0 rounded-sm px-1 text-muted hover:text-text">
              Experiments
            </Link>
            <Then />
            <Link to="/experiments/$experimentId/traces" params={{ experimentId }} className="max-w-56 shrink-0 truncate rounded-sm px-1 text-muted hover:text-text" title={data?.name}>
              {data?.name ?? (error ? experimentId : <span className="inline-block h-2.5 w-20 animate-pulse rounded-sm bg-line" aria-label="Loading" role="status" />)}
            </Link>
            <Then />
          </>
        )}
        {crumbs.map(({ label, to }, place) => (
          <span key={label} className={`flex items-center gap-1 ${place === crumbs.length - 1 ? 'min-w-0' : 'shrink-0'}`}>
            {place > 0 && <Then />}
            {place === crumbs.length - 1 ? (
              <h1 className="truncate px-1 text-base font-semibold">{label}</h1>
            ) : (
              <span className="truncate px-1 text-muted">{to ?? label}</span>
            )}
          </span>
        ))}
      </nav>
      <div className="flex shrink-0 items-center gap-1.5">{children}</div>
    </header>
  );
}

function Then() {
  return <ChevronRight size={13} className="shrink-0 text-faint" aria-hidden />;
}
