// Fills in this server's own address and the list of experiments. Text from the server is set as text, never as markup.
'use strict';

for (const place of document.querySelectorAll('[data-origin]')) {
  place.textContent = window.location.origin;
}

const status = document.getElementById('status');
const list = document.getElementById('experiments');

async function showExperiments() {
  const reply = await fetch('/ajax-api/2.0/mlflow/experiments/search?max_results=200');
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  const { experiments = [] } = await reply.json();
  for (const experiment of experiments) {
    const item = document.createElement('li');
    item.textContent = `${experiment.name} (id ${experiment.experiment_id})`;
    list.append(item);
  }
  status.textContent = experiments.length === 0 ? 'There are none yet.' : '';
}

showExperiments().catch((error) => {
  status.textContent = `Could not load the list: ${error.message}.`;
});
