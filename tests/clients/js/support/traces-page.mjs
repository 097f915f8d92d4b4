/**
 * MLflow's traces page as its user sees it. Controls are found by role and name where the UI gives
 * them one, and otherwise by the `data-component-id` that the UI itself reports for its telemetry.
 */

/** @typedef {import('playwright-core').Locator} Locator */

export class TracesPage {
  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.page = page;
    this.table = page.getByRole('region', { name: 'Traces' }).getByRole('table');
    this.drawer = page.getByRole('dialog').and(this.component('mlflow.evaluations_review.modal'));
  }

  /** @returns {Locator} */
  component(id) {
    return this.page.locator(`[data-component-id="${id}"]`);
  }

  /** The rows of the list, top to bottom, under the column titles on the screen. */
  async rows(columns) {
    const titles = (await this.table.getByRole('columnheader').allInnerTexts()).map((title) => title.trim());
    const cells = await this.table
      .getByRole('row')
      .filter({ has: this.page.getByRole('cell') })
      .evaluateAll((rows) =>
        rows.map((row) => [...row.querySelectorAll('[role="cell"]')].map((cell) => cell.textContent?.trim())),
      );
    return cells.map((row) => Object.fromEntries(columns.map((title) => [title, row[titles.indexOf(title)]])));
  }

  /**
   * The tags of one trace's row, `key: value`, sorted, whether shown or folded into `+N`: the UI keeps a hidden
   * copy of each to measure how many fit.
   */
  async tagsOf(traceId) {
    const copies = this.component('web-shared.traces-table.cell.tags-pill').and(this.page.locator('[role="status"]'));
    return (await this.rowOf(traceId).locator(copies).allTextContents()).sort();
  }

  /** @returns {Locator} */
  rowOf(traceId) {
    return this.table
      .getByRole('row')
      .filter({ has: this.page.getByRole('checkbox', { name: `Select trace ${traceId}` }) });
  }

  async search(text) {
    const box = this.page.getByRole('textbox', { name: 'Search traces by id, input, or output' });
    await box.fill(text);
    await box.press('Enter');
  }

  /** Sets the first filter row to `State = <state>`, as the list of states names it. */
  async filterByState(state) {
    await this.page.getByRole('button', { name: 'Filters', exact: true }).click();
    await this.page.getByRole('combobox', { name: 'Filter value' }).click();
    await this.page.getByRole('option', { name: state, exact: true }).click();
    await this.page.getByRole('button', { name: 'Apply filters' }).click();
  }

  /** Moves the time range up to now, which also counts anew. */
  async refresh() {
    await this.component('mlflow.traces-v4.refresh-date-button').click();
  }

  async clearFilters() {
    await this.page.getByRole('button', { name: 'Clear all filters' }).click();
  }

  async select(traceId) {
    // The box only shows under the pointer, so an ordinary click would wait for it to become visible.
    await this.page.getByRole('checkbox', { name: `Select trace ${traceId}` }).check({ force: true });
  }

  /** Chooses an entry of the menu for the selected traces. */
  async act(entry) {
    await this.page.getByRole('button', { name: 'Actions for selected traces' }).click();
    await this.page.getByRole('menuitem', { name: entry, exact: true }).click();
  }

  async addTag(traceId, key, value) {
    const dialog = await this.openTagEditor(traceId);
    await dialog.getByRole('combobox').fill(key);
    // The entry exists for screen readers only; what is drawn beside it has no role.
    await this.page.getByRole('option', { name: key, exact: true }).waitFor({ state: 'attached' });
    await dialog.getByRole('combobox').press('Enter');
    await dialog.getByRole('textbox', { name: 'Value' }).fill(value);
    await dialog.getByRole('button', { name: 'Add tag' }).click();
    await this.saveTags(dialog, traceId);
  }

  async deleteTag(traceId, key, value) {
    const dialog = await this.openTagEditor(traceId);
    await dialog
      .getByRole('status')
      .filter({ hasText: `${key}: ${value}` })
      .getByRole('button')
      .click();
    await this.saveTags(dialog, traceId);
  }

  async openTagEditor(traceId) {
    await this.select(traceId);
    await this.act('Edit tags');
    const dialog = this.page.getByRole('dialog').filter({ hasText: 'Add/Edit tags' });
    await dialog.waitFor();
    return dialog;
  }

  async saveTags(dialog, traceId) {
    await dialog.getByRole('button', { name: 'Save tags' }).click();
    await dialog.waitFor({ state: 'hidden' });
    // The selection keeps the row as it was when selected, and the next editor would show its old tags.
    await this.page.getByRole('checkbox', { name: `Select trace ${traceId}` }).uncheck({ force: true });
  }

  /** Opens the drawer of the trace whose request preview is `request`. */
  async open(request) {
    await this.table.getByRole('cell').getByText(request, { exact: true }).click();
    await this.drawer.waitFor();
  }

  async close() {
    await this.drawer.getByRole('button', { name: 'Close trace panel' }).click();
    await this.drawer.waitFor({ state: 'hidden' });
  }

  /** The names in the drawer's span tree, top to bottom. */
  async spanNames() {
    return this.drawer.getByTestId(/^span-title-row-/).allInnerTexts();
  }

  async chooseSpan(name) {
    await this.drawer
      .getByTestId(/^span-title-row-/)
      .filter({ hasText: name })
      .click();
  }

  async chooseTab(name) {
    await this.drawer.getByRole('tab', { name }).click();
  }

  /** What the chosen tab of the chosen span shows. */
  async panelText() {
    return this.drawer.getByRole('tabpanel').and(this.page.locator('[data-state="active"]')).innerText();
  }

  /** Adds a true/false judgement of one's own to the open trace. */
  async addFeedback({ name, value, rationale }) {
    await this.drawer.getByRole('button', { name: 'Assess trace' }).click();
    await this.drawer.getByRole('button', { name: 'Add feedback' }).click();
    await this.page.getByRole('menuitem', { name: 'Human feedback' }).click();
    const box = this.drawer.getByPlaceholder('Enter a feedback name');
    await box.fill(name);
    await this.page.getByRole('option', { name, exact: true }).click();
    await this.drawer.getByRole('radio', { name: value }).check();
    await this.component('shared.model-trace-explorer.assessment-rationale-input').fill(rationale);
    await this.drawer.getByRole('button', { name: 'Create', exact: true }).click();
  }

  async assessmentsText() {
    return this.drawer.getByTestId('assessments-pane').innerText();
  }

  async deleteSelected() {
    await this.act('Delete');
    const dialog = this.page.getByRole('dialog').filter({ hasText: 'Delete traces' });
    await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }
}
