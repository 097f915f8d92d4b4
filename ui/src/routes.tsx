/** Every address there is. A screen is loaded when its address is visited. */

import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';

import { experimentQuery, experimentsQuery } from '@/api/queries';
import { LoadingRows } from '@/components/states';
import { basePath } from '@/lib/base';
import { BrokenScreen, ExperimentFrame, NotFoundScreen } from '@/screens/not-found/screen';
import { treeQuery } from '@/screens/trace/queries';
import { Shell } from '@/shell/shell';

interface Context {
  queries: QueryClient;
}

/** Parameters of an address are plain text; a screen gives them their meaning. */
export type Search = Record<string, string>;

const root = createRootRouteWithContext<Context>()({
  component: Shell,
  validateSearch: (search): Search => Object.fromEntries(Object.entries(search).map(([key, value]) => [key, String(value)])),
});

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    // Clients of MLflow print addresses of this form.
    const [path, query] = window.location.hash.replace(/^#/, '').split('?');
    const [, id, kind, trace] = /^\/experiments\/(\d+)(?:\/(traces)(?:\/([^/]+))?)?/.exec(path ?? '') ?? [];
    const shown = trace ?? new URLSearchParams(query).get('selectedEvaluationId');
    if (id && kind && shown) throw redirect({ to: '/experiments/$experimentId/traces/$traceId', params: { experimentId: id, traceId: shown } });
    if (id) throw redirect({ to: '/experiments/$experimentId/traces', params: { experimentId: id } });
    throw redirect({ to: '/experiments' });
  },
});

const experiments = createRoute({
  getParentRoute: () => root,
  path: '/experiments',
  component: lazyRouteComponent(() => import('@/screens/experiments/screen'), 'ExperimentsScreen'),
});

/** Everything below knows its experiment. */
const experiment = createRoute({
  getParentRoute: () => root,
  path: '/experiments/$experimentId',
  component: ExperimentFrame,
  loader: ({ context, params }) => {
    const { queries } = context;
    const asked = experimentQuery(params.experimentId);
    // Who comes from the list knows it.
    const known = queries.getQueryData(experimentsQuery.queryKey)?.experiments.find(({ id }) => id === params.experimentId);
    if (known && queries.getQueryData(asked.queryKey) === undefined) queries.setQueryData(asked.queryKey, known);
    // Asked for early; who shows it tells what went wrong.
    queries.query(asked).catch(() => undefined);
  },
});

const experimentHome = createRoute({
  getParentRoute: () => experiment,
  path: '/',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/experiments/$experimentId/traces', params });
  },
});

const traces = createRoute({
  getParentRoute: () => experiment,
  path: '/traces',
  component: lazyRouteComponent(() => import('@/screens/traces/screen'), 'TracesScreen'),
  loader: async ({ context, params, location }) => {
    // On its way while the screen is made.
    const { askEarly } = await import('@/screens/traces/ask-early');
    askEarly(context.queries, params.experimentId, location.search);
  },
});

const trace = createRoute({
  getParentRoute: () => experiment,
  path: '/traces/$traceId',
  component: lazyRouteComponent(() => import('@/screens/trace/screen'), 'TraceScreen'),
});

const sessions = createRoute({
  getParentRoute: () => experiment,
  path: '/sessions',
  component: lazyRouteComponent(() => import('@/screens/sessions/screen'), 'SessionsScreen'),
});

const session = createRoute({
  getParentRoute: () => experiment,
  path: '/sessions/$sessionId',
  component: lazyRouteComponent(() => import('@/screens/sessions/session'), 'SessionScreen'),
});

const overview = createRoute({
  getParentRoute: () => experiment,
  path: '/overview',
  component: lazyRouteComponent(() => import('@/screens/overview/screen'), 'OverviewScreen'),
});

const compare = createRoute({
  getParentRoute: () => experiment,
  path: '/compare',
  component: lazyRouteComponent(() => import('@/screens/compare/screen'), 'CompareScreen'),
});

/** An address that knows nothing but the id of a trace. */
const jump = createRoute({
  getParentRoute: () => root,
  path: '/traces/$traceId',
  loader: async ({ context, params, location }) => {
    const { trace: found } = await context.queries.query(treeQuery(params.traceId));
    throw redirect({
      to: '/experiments/$experimentId/traces/$traceId',
      params: { experimentId: found.experiment, traceId: found.id },
      search: location.search,
      replace: true,
    });
  },
});

const help = createRoute({
  getParentRoute: () => root,
  path: '/help',
  component: lazyRouteComponent(() => import('@/screens/help/screen'), 'HelpScreen'),
});

const tree = root.addChildren([
  home,
  experiments,
  experiment.addChildren([experimentHome, traces, trace, sessions, session, overview, compare]),
  jump,
  help,
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: tree,
    context: { queries },
    basepath: basePath,
    defaultPreload: 'intent',
    defaultPreloadStaleTime: 0,
    scrollRestoration: false,
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const filled = Object.entries(search).filter(([, value]) => value !== undefined && value !== '');
      const text = new URLSearchParams(filled.map(([key, value]) => [key, String(value)])).toString();
      return text && `?${text}`;
    },
    defaultErrorComponent: BrokenScreen,
    defaultPendingComponent: () => <LoadingRows />,
    defaultNotFoundComponent: NotFoundScreen,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
