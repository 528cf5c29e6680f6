/**
 * The worker's script. It imports the rest of the worker dynamically, so that no chunk of the build imports the script itself.
 * WebKit would run such a script twice, and every question would get two answers.
 */
const early: unknown[] = [];
const keep = ({ data }: MessageEvent): void => void early.push(data);
self.addEventListener('message', keep);

import('./answer_page.ts').then(({ answerPage }) => {
  self.removeEventListener('message', keep);
  answerPage();
  for (const data of early) self.dispatchEvent(new MessageEvent('message', { data }));
}, reportError);
