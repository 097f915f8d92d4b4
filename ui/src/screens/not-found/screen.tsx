import { useQuery } from '@tanstack/react-query';
import { Outlet, useLocation, useParams } from '@tanstack/react-router';

import { ApiError } from '@/api/client';
import { experimentQuery } from '@/api/queries';
import { Failed, NotFound } from '@/components/states';
import { TopBar } from '@/shell/top-bar';

/** An address that no screen has. */
export function NotFoundScreen() {
  const { pathname } = useLocation();
  return (
    <>
      <TopBar crumbs={[{ label: 'Not found' }]} />
      <NotFound title="There is no such page">
        Nothing is at <code>{pathname}</code>.
      </NotFound>
    </>
  );
}

/** A screen that could not even begin. */
export function BrokenScreen({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <>
      <TopBar crumbs={[{ label: error instanceof ApiError && error.status === 404 ? 'Not found' : 'Not loaded' }]} />
      <Failed error={error} onRetry={reset} />
    </>
  );
}

/** The screens of an experiment, as far as there is one. */
export function ExperimentFrame() {
  const { experimentId } = useParams({ from: '/experiments/$experimentId' });
  const { error } = useQuery(experimentQuery(experimentId));
  if (!(error instanceof ApiError && [400, 404].includes(error.status))) return <Outlet />;
  return (
    <>
      <TopBar crumbs={[{ label: 'Not found' }]} />
      <NotFound title="There is no such experiment">
        No experiment has the id <code>{experimentId}</code>; it may have been deleted.
      </NotFound>
    </>
  );
}
