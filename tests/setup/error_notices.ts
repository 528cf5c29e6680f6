/** Ends a test that waits for the page as soon as the page shows an error that the test did not announce. */
import type { BrowserContext } from 'playwright-core';

/** The beginning of the console line with which a page reports a notice. */
const MARK = 'logitscope error notice: ';

/** Runs in each page of the context, and reports every error notice once. */
function watchNotices(mark: string): void {
  const told = new WeakSet<Element>();
  const look = (): void => {
    for (const notice of document.querySelectorAll('.notices [role=alert] p')) {
      if (told.has(notice)) continue;
      told.add(notice);
      console.debug(mark + notice.textContent);
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true });
}

/**
 * Closes the context at an error notice, which rejects whatever a test waits for in its pages, with the notice's sentence.
 * Call it before the first page is opened.
 * @param announced the notices that the test provokes
 */
export async function failOnNotices(context: BrowserContext, announced: RegExp | undefined): Promise<void> {
  await context.addInitScript(watchNotices, MARK);
  context.on('console', (message) => {
    const text = message.text();
    if (!text.startsWith(MARK)) return;
    const sentence = text.slice(MARK.length);
    if (!announced?.test(sentence)) void context.close({ reason: `The page shows an error: ${sentence}` });
  });
}
