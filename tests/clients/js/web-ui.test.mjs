/**
 * MLflow's own web UI, unmodified, in Chromium, working with the server under test: a walk in which
 * each step is checked on the screen and through the API.
 */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { call, searchTraces, traceInfo } from './support/api.mjs';
import { openBrowser } from './support/browser.mjs';
import { eventually } from './support/eventually.mjs';
import { artifacts } from './support/paths.mjs';
import { seedWalk } from './support/seed.mjs';
import { startServer } from './support/server.mjs';
import { TracesPage } from './support/traces-page.mjs';
import { findUiBuild, startUiProxy } from './support/ui-proxy.mjs';
import { faults, missing } from './support/ui-wire.mjs';

/** @type {import('./support/server.mjs').Server} */
let server;
/** @type {Awaited<ReturnType<typeof startUiProxy>>} */
let ui;
/** @type {import('./support/browser.mjs').Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof seedWalk>>} */
let seeded;
/** @type {TracesPage} */
let traces;

before(async () => {
  server = await startServer('web-ui');
  seeded = await seedWalk(server.url);
  ui = await startUiProxy({ build: findUiBuild(), target: server.url });
  browser = await openBrowser();
  traces = new TracesPage(browser.page);
});

after(async () => {
  await browser?.close();
  await ui?.close();
  await server?.stop();
});

let failed = '';
let steps = 0;

/** One step of the walk. Later steps stand on earlier ones, so after a failure they are skipped. */
function step(name, work) {
  const picture = `ui-${String(++steps).padStart(2, '0')}-${name.replaceAll(/[^a-z]+/gi, '-')}`;
  test(name, async (t) => {
    if (failed) {
      t.skip(`the walk ended at: ${failed}`);
      return;
    }
    try {
      await work();
    } catch (error) {
      failed = name;
      throw error;
    } finally {
      await browser.screenshot(picture);
    }
  });
}

/** The list shows exactly these traces, in this order. */
async function listed(...expected) {
  await eventually(async () => {
    const requests = (await traces.rows(['Input'])).map((row) => row.Input);
    assert.deepEqual(
      requests,
      expected.map((trace) => trace.request),
    );
  });
}

describe('the MLflow web UI', () => {
  step('the experiment is listed and found by name', async () => {
    await browser.page.goto(`${ui.url}/#/experiments`);
    const links = browser.page.getByTestId('experiment-list-item-link');
    await eventually(async () => assert.ok((await links.allInnerTexts()).includes(seeded.experiment.name)));

    const box = browser.page.getByTestId('search-experiment-input');
    await box.fill(seeded.experiment.name);
    await box.press('Enter');
    await eventually(async () => assert.deepEqual(await links.allInnerTexts(), [seeded.experiment.name]));
  });

  step('the traces tab lists the traces with their previews', async () => {
    await browser.page.getByRole('link', { name: seeded.experiment.name }).click();
    await browser.page.getByRole('link', { name: 'Traces', exact: true }).click();
    await eventually(async () =>
      assert.deepEqual(await traces.rows(['Input', 'Output', 'Session', 'Duration', 'State', 'Tokens']), [
        listRow(seeded.broken, 'Error', '-'),
        listRow(seeded.weather, 'OK', '-'),
        listRow(seeded.restaurant, 'OK', '150'),
      ]),
    );
    assert.deepEqual(await traces.tagsOf(seeded.weather.traceId), ['service.name: concierge-app', 'team: blue']);
    assert.equal((await traces.rows(['groundedness']))[1].groundedness, 'Yes');
    await browser.page.getByText('3 of 3', { exact: true }).waitFor();
  });

  step('the search box narrows the list', async () => {
    await traces.search('Bergen');
    await listed(seeded.weather);
    await traces.search('no trace says this');
    await listed();
    await traces.search(seeded.broken.traceId);
    await listed(seeded.broken);
    await traces.search('');
    await listed(seeded.broken, seeded.weather, seeded.restaurant);

    const found = await searchTraces(server.url, seeded.experiment.id, "trace.text ILIKE '%bergen%'");
    assert.deepEqual(
      found.map((info) => info.trace_id),
      [seeded.weather.traceId],
    );
  });

  step('the state filter narrows the list', async () => {
    await traces.filterByState('Error');
    await listed(seeded.broken);
    await traces.clearFilters();
    await listed(seeded.broken, seeded.weather, seeded.restaurant);

    const found = await searchTraces(server.url, seeded.experiment.id, "attributes.status = 'ERROR'");
    assert.deepEqual(
      found.map((info) => info.trace_id),
      [seeded.broken.traceId],
    );
  });

  step('an opened trace shows its span tree, inputs and outputs', async () => {
    await traces.open(seeded.restaurant.request);
    await eventually(async () =>
      assert.deepEqual(await traces.spanNames(), ['concierge', 'plan_evening', 'call_restaurant']),
    );
    await traces.drawer.getByText('Success', { exact: true }).waitFor();
    await traces.drawer.getByText('1500.00ms', { exact: true }).waitFor();
    await traces.drawer.getByText('150 tokens', { exact: true }).waitFor();
    await panelShows('question', seeded.restaurant.request, 'answer', seeded.restaurant.response);

    await traces.chooseSpan('plan_evening');
    await panelShows('User', 'Which restaurant suits?', 'Assistant', 'Zafferano is free tonight');
  });

  step('a failed span shows its exception event and attributes', async () => {
    await traces.chooseSpan('call_restaurant');
    await traces.chooseTab('Events 1');
    await panelShows('exception.type', 'LineBusyError', 'exception.message', 'the first call found the line busy');
    await traces.chooseTab('Attributes');
    await panelShows('call.attempts', '2');
  });

  step('feedback given in the UI is kept', async () => {
    await traces.chooseSpan('concierge');
    await traces.addFeedback({ name: 'politeness', value: 'True', rationale: 'said please' });
    await eventually(async () => {
      const text = await traces.assessmentsText();
      for (const part of ['Feedback (1)', 'politeness', 'True']) assert.ok(text.includes(part), `${part} in ${text}`);
    });

    const { assessments } = await traceInfo(server.url, seeded.restaurant.traceId);
    assert.equal(assessments.length, 1);
    const {
      assessment_id: id,
      create_time: _created,
      last_update_time: _updated,
      span_id: span,
      ...rest
    } = assessments[0];
    assert.match(id, /^a-[0-9a-f]{32}$/);
    assert.equal(span, undefined);
    assert.deepEqual(rest, {
      assessment_name: 'politeness',
      trace_id: seeded.restaurant.traceId,
      source: { source_type: 'HUMAN', source_id: 'User' },
      feedback: { value: true },
      rationale: 'said please',
      valid: true,
    });
    await traces.close();
    await eventually(async () => assert.equal((await traces.rows(['politeness']))[2].politeness, 'True'));
  });

  step('a tag is added and deleted', async () => {
    const { traceId } = seeded.broken;
    await traces.addTag(traceId, 'owner', 'ann');
    await eventually(async () =>
      assert.deepEqual(await traces.tagsOf(traceId), ['owner: ann', 'service.name: concierge-app']),
    );
    assert.equal((await traceInfo(server.url, traceId)).tags.owner, 'ann');

    await traces.deleteTag(traceId, 'owner', 'ann');
    await eventually(async () => assert.deepEqual(await traces.tagsOf(traceId), ['service.name: concierge-app']));
    assert.equal((await traceInfo(server.url, traceId)).tags.owner, undefined);
  });

  step('a selected trace is deleted', async () => {
    await traces.select(seeded.broken.traceId);
    await traces.deleteSelected();
    await listed(seeded.weather, seeded.restaurant);
    await traces.refresh();
    await browser.page.getByText('2 of 2', { exact: true }).waitFor();

    const gone = await call(server.url, 'GET', `3.0/mlflow/traces/${seeded.broken.traceId}`);
    assert.equal(gone.status, 404);
    assert.equal(gone.body.error_code, 'RESOURCE_DOES_NOT_EXIST');
    const left = await searchTraces(server.url, seeded.experiment.id);
    assert.deepEqual(
      left.map((info) => info.trace_id),
      [seeded.weather.traceId, seeded.restaurant.traceId],
    );
  });

  step('no request of the walk was answered wrongly', async () => {
    const exchanges = await browser.exchanges();
    fs.writeFileSync(path.join(artifacts, 'ui-requests.json'), JSON.stringify(exchanges, null, 1));
    assert.deepEqual(faults(exchanges), []);
    assert.deepEqual(missing(exchanges), []);
    assert.deepEqual(browser.errors, []);
  });
});

function listRow(trace, state, tokens) {
  return {
    Input: trace.request,
    Output: trace.response,
    Session: 'evening-1',
    Duration: '1.5s',
    State: state,
    Tokens: tokens,
  };
}

/** The open panel shows these texts, in this order. */
async function panelShows(...parts) {
  await eventually(async () => {
    const text = await traces.panelText();
    let from = 0;
    for (const part of parts) {
      const at = text.indexOf(part, from);
      assert.notEqual(at, -1, `${JSON.stringify(part)} after position ${from} of ${JSON.stringify(text)}`);
      from = at + part.length;
    }
  });
}
