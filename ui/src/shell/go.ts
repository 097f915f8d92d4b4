import { useNavigate } from '@tanstack/react-router';

/** Ways to the main screens; those of an experiment do nothing without one. */
export function useGo(experimentId: string | undefined) {
  const navigate = useNavigate();
  const within = (to: `/experiments/$experimentId/${'traces' | 'sessions' | 'overview' | 'compare'}`) => () => {
    if (experimentId) void navigate({ to, params: { experimentId } });
  };
  return {
    experiments: () => void navigate({ to: '/experiments' }),
    traces: within('/experiments/$experimentId/traces'),
    sessions: within('/experiments/$experimentId/sessions'),
    overview: within('/experiments/$experimentId/overview'),
    compare: within('/experiments/$experimentId/compare'),
    help: () => void navigate({ to: '/help' }),
    experiment: (id: string) => void navigate({ to: '/experiments/$experimentId/traces', params: { experimentId: id } }),
    trace: (traceId: string) => void navigate({ to: '/traces/$traceId', params: { traceId } }),
    session: (id: string, sessionId: string) => void navigate({ to: '/experiments/$experimentId/sessions/$sessionId', params: { experimentId: id, sessionId } }),
  };
}
