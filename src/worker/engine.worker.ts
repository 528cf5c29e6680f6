/**
 * The worker's script. The rest of the worker is imported when it runs, so that nothing imports the script itself: WebKit runs
 * a worker's script once more when a chunk of the build imports it, and every question would have two answers.
 */
const early: unknown[] = [];
const keep = ({ data }: MessageEvent): void => void early.push(data);
self.addEventListener('message', keep);

import('./answer_page.ts').then(({ answerPage }) => {
  self.removeEventListener('message', keep);
  answerPage();
  for (const data of early) self.dispatchEvent(new MessageEvent('message', { data }));
}, reportError);
