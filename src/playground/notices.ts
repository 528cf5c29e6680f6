import { playground, type Notice } from './state.svelte.ts';

/** Shows a sentence; the same sentence is not shown twice. */
export function notify(tone: Notice['tone'], text: string, action?: Notice['action']): void {
  if (playground.notices.some((notice) => notice.text === text)) return;
  const notice: Notice = { id: playground.newId(), tone, text, ...(action ? { action } : {}) };
  playground.change({ notices: [...playground.notices, notice] });
}

export function dismiss(id: number): void {
  playground.change({ notices: playground.notices.filter((notice) => notice.id !== id) });
}
