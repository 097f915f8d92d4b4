/** Puts a text on the clipboard. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages over plain HTTP, or in a frame of somebody else's, do not have it.
    copySelected(text);
  }
}

function copySelected(text: string): void {
  const field = document.createElement('textarea');
  field.value = text;
  const focused = document.activeElement;
  // Within what has the focus: dialogs do not let it go anywhere else.
  (focused?.closest('[role=dialog]') ?? document.body).append(field);
  field.select();
  // Deprecated, and there is nothing else.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const isDone = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  if (!isDone) throw new Error('The browser does not let this page copy.');
}
