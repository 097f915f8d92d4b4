/** Longer texts are shown as they are: parsing megabytes as markdown would hold up the page. */
export const MARKDOWN_CHARS = 50_000;
/** Characters of each text that are asked for at first. */
export const MAX_TEXT = 20_000;
