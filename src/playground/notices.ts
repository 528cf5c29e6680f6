import { EngineError } from '../engines/contract.ts';
import { playground, type Notice } from './state.svelte.ts';

/** Shows a sentence, but the same sentence only once. @param about the event that removes it, see `settle` */
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

/** Shows what went wrong, unless a person ended it or the end of the worker was already reported. */
export function notifyFailure(error: unknown, about?: Notice['about']): void {
  if (error instanceof EngineError && (error.code === 'aborted' || error.code === 'worker-ended')) return;
  notify('error', sentenceOf(error), undefined, about);
}

/** The message of an error, for a person. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Removes the notices about something that is over. */
export function settle(about: NonNullable<Notice['about']>): void {
  playground.notices = playground.notices.filter((notice) => notice.about !== about);
}

export function dismiss(id: number): void {
  playground.notices = playground.notices.filter((notice) => notice.id !== id);
}
