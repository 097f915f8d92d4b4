/** What the web UI may not do without: the requests every page depends on. */

/**
 * @type {[label: string, method: string, path: RegExp][]}
 */
const NEEDED = [
  ['server-info', 'GET', /^\/ajax-api\/3\.0\/mlflow\/server-info$/],
  ['experiments/search', 'GET', /^\/ajax-api\/2\.0\/mlflow\/experiments\/search\?/],
  ['experiments/get', 'GET', /^\/ajax-api\/2\.0\/mlflow\/experiments\/get\?/],
  ['graphql', 'POST', /^\/graphql$/],
  ['runs/search', 'POST', /^\/ajax-api\/2\.0\/mlflow\/runs\/search$/],
  ['datasets/search', 'POST', /^\/ajax-api\/3\.0\/mlflow\/datasets\/search$/],
  ['traces/search', 'POST', /^\/ajax-api\/3\.0\/mlflow\/traces\/search$/],
  ['traces/metrics', 'POST', /^\/ajax-api\/3\.0\/mlflow\/traces\/metrics$/],
  ['traces/{id}', 'GET', /^\/ajax-api\/3\.0\/mlflow\/traces\/tr-[0-9a-f]{32}$/],
  ['traces/get', 'GET', /^\/ajax-api\/3\.0\/mlflow\/traces\/get\?/],
  ['get-trace-artifact', 'GET', /^\/ajax-api\/3\.0\/mlflow\/get-trace-artifact\?/],
  ['set tag', 'PATCH', /^\/ajax-api\/3\.0\/mlflow\/traces\/tr-[0-9a-f]{32}\/tags$/],
  ['delete tag', 'DELETE', /^\/ajax-api\/3\.0\/mlflow\/traces\/tr-[0-9a-f]{32}\/tags$/],
  ['create assessment', 'POST', /^\/ajax-api\/3\.0\/mlflow\/traces\/tr-[0-9a-f]{32}\/assessments$/],
  ['delete-traces', 'POST', /^\/ajax-api\/[23]\.0\/mlflow\/traces\/delete-traces$/],
];

/** Asked for on every page; a 404 tells the UI that there are no accounts. */
const CURRENT_USER = /^\/ajax-api\/2\.0\/mlflow\/users\/current$/;

/** Exchanges a user would notice: any 5xx, any refusal of a needed request, any GraphQL error. */
export function faults(exchanges) {
  return exchanges.filter(isFault).map(({ method, path, status, response }) => ({ method, path, status, response }));
}

function isFault(exchange) {
  if (exchange.status >= 500) return true;
  if (CURRENT_USER.test(exchange.path)) return exchange.status !== 404;
  if (exchange.status >= 400) return NEEDED.some((needed) => matches(needed, exchange));
  return exchange.path === '/graphql' && exchange.response !== '' && !isGraphqlSuccess(JSON.parse(exchange.response));
}

function isGraphqlSuccess({ data, errors }) {
  return (errors ?? []).length === 0 && Object.values(data ?? {}).every((field) => field !== null && !field.apiError);
}

/** Needed requests that never happened, which would make an absence of faults worthless. */
export function missing(exchanges) {
  return NEEDED.filter((needed) => !exchanges.some((exchange) => matches(needed, exchange))).map(([label]) => label);
}

function matches([, method, path], exchange) {
  return exchange.method === method && path.test(exchange.path);
}
