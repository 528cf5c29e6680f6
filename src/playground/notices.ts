import { EngineError } from '../engines/contract.ts';
import { playground, type Notice } from './state.svelte.ts';

/** Shows a sentence; the same sentence is not shown twice. @param about what ends it, see `settle` */
export function notify(
  tone: Notice['tone'],
  text: string,
  action?: Notice['action'],
  about?: Notice['about'],
): void {
  if (playground.notices.some((notice) => notice.text === text)) return;
  const notice: Notice = {
    id: playground.newId(),
    tone,
    text,
    ...(action ? { action } : {}),
    ...(about ? { about } : {}),
  };
  playground.notices = [...playground.notices, notice];
}

/** Says what went wrong; nothing of what a person ended, nor of a worker whose end was told already. */
export function notifyFailure(error: unknown, about?: Notice['about']): void {
  if (error instanceof EngineError && (error.code === 'aborted' || error.code === 'worker-ended')) return;
  notify('error', sentenceOf(error), undefined, about);
}

/** The message of an error, for a person. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What such notices speak of is over. */
export function settle(about: NonNullable<Notice['about']>): void {
  playground.notices = playground.notices.filter((notice) => notice.about !== about);
}

export function dismiss(id: number): void {
  playground.notices = playground.notices.filter((notice) => notice.id !== id);
}
