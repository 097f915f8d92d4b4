/**
 * Every screen in every state, to be looked at: `npm run gallery`. Nothing may be wider than the window.
 * Pictures are in `target/test-artifacts/fanlight-gallery-<screen>-<state>-<width>-<theme>.png`.
 */

import { describe, expect, test } from 'vitest';

import { setTheme } from './support/browser';
import { sendExtremes } from './support/extremes';
import { sendTrace } from './support/otlp';
import { sendRichTrace } from './support/rich';
import { browser, demonstration, experiment, experimentNamed, server, setUp } from './support/set-up';

const SIZES = [{ width: 1440, height: 900 }, { width: 900, height: 700 }];
const THEMES = ['light', 'dark'];
const only = process.env.FANLIGHT_GALLERY ?? '';
const isWanted = only !== '';
const TABS = ['summary', 'details', 'transcript', 'assessments', 'raw'];

interface Found {
  traces: { id: string }[];
}

let empty = '';
let tiny = '';
let huge = '';
const traces = { demo: '', other: '', tiny: '', rich: '', long: '', large: '', running: '' };

describe.runIf(isWanted)('gallery', () => {
  setUp();

  test('first use', async () => {
    await pictures('first-use-empty', '/experiments', 'main h2');
  });

  test('with data', async () => {
    await demonstration();
    await fill();
    const of = (id: string) => `/experiments/${id}`;
    const trace = (id: string, tab: string) => `/traces/${id}?tab=${tab}`;
    const drawer = (list: string, id: string, rest = '') => `${of(list)}/traces?trace=${id}${rest}`;
    const screens: [name: string, where: string, act?: () => Promise<void>][] = [
      ['experiments-demo', '/experiments'],
      ['experiments-nothing', '/experiments?text=zzz'],
      ['unknown-page', '/nonsense/of/somebody'],
      ['unknown-experiment', '/experiments/999999'],
      ['unknown-trace', '/traces/tr-nothing'],
      ['unknown-trace-in', `${of(experiment)}/traces/tr-00000000000000000000000000000001`],
      ['unknown-session', `${of(experiment)}/sessions/nobody`],
      ['unknown-overview', `${of('999999')}/overview`],
      ['help', '/help'],
      ...[['empty', empty], ['tiny', tiny], ['demo', experiment], ['huge', huge]].flatMap(([name = '', id = '']): [string, string][] => [
        [`traces-${name}`, `${of(id)}/traces`],
        [`sessions-${name}`, `${of(id)}/sessions`],
        [`overview-${name}`, `${of(id)}/overview`],
        [`choose-${name}`, `${of(id)}/compare`],
      ]),
      ['traces-all-columns', `${of(experiment)}/traces?cols=start,state,id,name,request,response,duration,tokens,cost,session,user,models,tags,assessments,spans`],
      ['traces-huge-columns', `${of(huge)}/traces?cols=start,state,name,request,duration,session,user,models,tags`],
      ['traces-text', `${of(experiment)}/traces?text=documents`],
      ['traces-nothing', `${of(experiment)}/traces?text=qqqqqq`],
      ['traces-wrong', `${of(experiment)}/traces?q=${encodeURIComponent('dur > 3')}`],
      ['traces-selected', `${of(experiment)}/traces`, () => select(2)],
      ['sessions-nothing', `${of(experiment)}/sessions?text=qqqqqq`],
      ['overview-nothing', `${of(experiment)}/overview?text=qqqqqq`],
      ['drawer-demo', drawer(experiment, traces.demo)],
      ['drawer-tiny', drawer(tiny, traces.tiny)],
      ['drawer-huge', drawer(huge, traces.long)],
      ['drawer-text', drawer(experiment, traces.demo, '&text=documents')],
      ...TABS.flatMap((tab): [string, string][] => [
        [`trace-demo-${tab}`, trace(traces.demo, tab)],
        [`trace-rich-${tab}`, trace(traces.rich, tab)],
        [`trace-tiny-${tab}`, trace(traces.tiny, tab)],
        [`trace-huge-${tab}`, trace(traces.long, tab)],
        [`trace-large-${tab}`, trace(traces.large, tab)],
      ]),
      ['trace-running', trace(traces.running, 'details')],
      ['session-demo', `${of(experiment)}/sessions`, () => first('table a, [role=row] a')],
      ['session-huge', `${of(huge)}/sessions`, () => first('[role=row] a')],
      ['compare-demo', `${of(experiment)}/compare?a=${traces.demo}&b=${traces.other}`],
      ['compare-huge', `${of(huge)}/compare?a=${traces.long}&b=${traces.large}`],
      ['palette', `${of(experiment)}/traces`, () => press('Control+k')],
      ['palette-huge', `${of(huge)}/traces`, () => press('Control+k')],
      ['shortcuts', `${of(experiment)}/traces`, () => press('?')],
      ['dialog-create', '/experiments', () => press('n')],
      ...['Rename', 'Edit tags', 'Delete'].map((action): [string, string, () => Promise<void>] => [`dialog-${action.replace(' ', '-').toLowerCase()}`, '/experiments', () => act('mortgage-agents', action)]),
      ['dialog-tag', `${of(experiment)}/traces`, async () => { await select(2); await click('toolbar', 'Selected traces', 'Tag'); }],
      ['dialog-delete-traces', `${of(experiment)}/traces`, async () => { await select(2); await click('toolbar', 'Selected traces', 'Delete'); }],
      ['menu-export', `${of(experiment)}/traces`, () => button('Export all that match')],
      ['menu-columns', `${of(experiment)}/traces`, () => button('Columns')],
      ['menu-time', `${of(experiment)}/traces`, async () => { await browser.page.getByRole('button', { name: /^Time range/ }).click(); }],
      ['menu-theme', `${of(experiment)}/traces`, () => button('Theme')],
    ];
    for (const [name, where, then] of screens) await pictures(name, where, '', then);
  }, 3_600_000);

  test('slow, failing and far away', async () => {
    const of = `/experiments/${experiment}`;
    const screens: [string, string][] = [
      ['experiments', '/experiments'], ['traces', `${of}/traces`], ['trace', `${of}/traces/${traces.demo}`], ['drawer', `${of}/traces?trace=${traces.demo}`],
      ['sessions', `${of}/sessions`], ['session', `${of}/sessions/thread`], ['overview', `${of}/overview`], ['compare', `${of}/compare?a=${traces.demo}&b=${traces.other}`],
      ...TABS.map((tab): [string, string] => [`trace-${tab}`, `${of}/traces/${traces.demo}?tab=${tab}`]),
    ];
    const { page } = browser;
    type Answer = Parameters<typeof page.route>[1];
    const failing: Answer = (route) => route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'the store could not read segment 00000042: input/output error', field: null } } });
    const ways: [string, Answer][] = [
      ['loading', async (route) => { await new Promise((resolve) => setTimeout(resolve, 8000)); await route.continue().catch(() => undefined); }],
      ['error', failing],
      ['away', (route) => route.abort('connectionrefused')],
    ];
    for (const [way, answer] of ways) {
      await page.route('**/api/v1/**', answer);
      for (const [name, where] of screens) await pictures(`${name}-${way}`, where, way === 'loading' ? 'main' : '[role=alert]');
      await page.unroute('**/api/v1/**');
    }
    // Only what a span says, or only its trace, does not come.
    await page.route('**/spans', failing);
    for (const tab of TABS) await pictures(`trace-spans-error-${tab}`, `${of}/traces/${traces.demo}?tab=${tab}`, '');
    await page.unroute('**/spans');
  }, 3_600_000);
});

/** The screen as it is, in both sizes and themes. */
async function pictures(name: string, where: string, shows: string, then?: () => Promise<void>): Promise<void> {
  if (only !== '1' && !new RegExp(only).test(name)) return;
  const { page } = browser;
  for (const [place, size] of SIZES.entries()) {
    await page.setViewportSize(size);
    for (const theme of THEMES) {
      if (process.env.FANLIGHT_GALLERY_HALF && (place === 0) !== (theme === 'light')) continue;
      await page.goto(`${server.url}/help`);
      await setTheme(page, theme);
      await page.goto(`${server.url}${where}`);
      await page.locator(shows || 'main h1, main [role=alert], main h2').first().waitFor().catch(() => undefined);
      if (!name.includes('loading')) await page.waitForLoadState('networkidle');
      else await page.waitForTimeout(700);
      await then?.().catch((error: unknown) => console.log(name, String(error).slice(0, 200)));
      await page.waitForTimeout(250);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (overflow > 0) console.log(`${name} ${size.width}: ${overflow}px wider than the window`);
      await browser.screenshot(`gallery-${name}-${size.width}-${theme}`);
      browser.complaints();
    }
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), name).toBe(true);
}

async function fill(): Promise<void> {
  ({ id: empty } = (await server.call('POST', '/api/v1/experiments', { name: 'empty' })) as { id: string });
  traces.tiny = await server.send({ experiment: 'tiny', name: 'hello', input: 'who is there?', output: 'nobody' });
  traces.rich = await sendRichTrace(server, 'rich', traces.tiny);
  Object.assign(traces, await sendExtremes(server, 'huge', 32_000));
  traces.running = await sendTrace(server, 'running', 901, [{ id: 0, name: 'long job', from: 0, attributes: { 'mlflow.spanType': 'AGENT', 'mlflow.spanInputs': 'begin' } }, { id: 1, parent: 0, name: 'step', from: 100, to: 600 }, { id: 2, parent: 0, name: 'other step', from: 700 }], 5000);
  [tiny, huge] = [await experimentNamed('tiny'), await experimentNamed('huge')];
  const { traces: newest } = (await server.call('POST', '/api/v1/traces/search', { experiments: [experiment], filter: "span.type = 'TOOL' AND status = 'OK'", limit: 2 })) as Found;
  [traces.demo = '', traces.other = ''] = newest.map(({ id }) => id);
}

async function select(count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await browser.page.getByRole('checkbox', { name: /^Select trace/ }).nth(at).check();
}

async function click(role: 'toolbar', name: string, what: string): Promise<void> {
  await browser.page.getByRole(role, { name }).getByRole('button', { name: what }).click();
}

async function button(name: string): Promise<void> {
  await browser.page.getByRole('button', { name }).click();
}

async function act(of: string, action: string): Promise<void> {
  await button(`Actions for ${of}`);
  await browser.page.getByRole('menuitem', { name: action }).click();
}

async function press(keys: string): Promise<void> {
  await browser.page.keyboard.press(keys);
}

async function first(selector: string): Promise<void> {
  await browser.page.locator('main').locator(selector).first().click();
  await browser.page.waitForLoadState('networkidle');
}
