/** Branches: another token at a step, the tree of branches, and decoding one token at a time. */
import { notify, notifyFailure, settle } from './notices.ts';
import type { TokenId } from '../engines/contract.ts';
import type { TextId } from '../worker/api/worker_api.ts';
import type { CandidateRow } from '../worker/api/views.ts';
import { holdRestored } from './texts/held_texts.ts';
import { launch } from './texts/launch.ts';
import type { Recorded } from './texts/recorded.ts';
import type { PageText } from './texts/text.ts';
import { texts } from './texts/store.svelte.ts';
import { isStale } from './prompt_actions.ts';
import { continueFrom, continueText, writeText } from './texts/run_actions.ts';
import { playground } from './state.svelte.ts';

/** Marks a candidate of the inspected step; a second press takes it. */
export function pickCandidate(row: CandidateRow | null): void {
  const { text, shownPosition: position } = playground;
  playground.pick(row && text && position !== null ? { text: text.id, position, row } : null);
}

/** The marked candidate, while its step is on view. */
export function picked(): CandidateRow | null {
  const { picked: mark, text, shownPosition: position } = playground;
  return mark && mark.text === text?.id && mark.position === position ? mark.row : null;
}

/** Starts a branch with `token` at the inspected step; at the end of a text it appends the token. */
export function branchWith(token: TokenId): Promise<void> {
  return launch(async (goOn) => {
    const { text, shownPosition: position } = playground;
    if (!text || position === null || position < text.promptLength) return;
    const outputs = position - text.promptLength;
    const atEnd = position === text.length;
    pickCandidate(null);
    await continueText(goOn, { text, outputs, token, ...(atEnd ? { maxTokens: 0 } : {}) });
    if (atEnd) paused();
  });
}

/** Draws one token at the end of the text on view, or the first one after the prompt, and shows what may follow it. */
export function stepOnce(): Promise<void> {
  return launch(async (goOn) => {
    const { text } = playground;
    if (text && !isStale(text)) {
      await continueText(goOn, { text, outputs: text.length - text.promptLength, maxTokens: 1 });
    } else {
      await writeText(goOn, 1);
    }
    paused();
  });
}

/** Continues the text on view from its end. */
export async function carryOn(): Promise<void> {
  const { text } = playground;
  if (text) await continueFrom({ text, outputs: text.length - text.promptLength });
}

/** Continues from the first step at which the current knobs would have drawn another token. */
export async function continueFromDivergence(): Promise<void> {
  const { text, overlay } = playground;
  const at = overlay?.rederived.firstDivergence;
  if (text && at !== null && at !== undefined) await continueFrom({ text, outputs: at });
}

export function renameText(id: TextId, name: string): void {
  const trimmed = name.trim().slice(0, 40);
  if (trimmed === '') return;
  texts.change(id, (text) => ({ ...text, name: trimmed }));
}

/** Deletes a text, and offers to restore it; its branches move up to its parent. */
export function deleteText(id: TextId): void {
  const gone = playground.texts.find((text) => text.id === id);
  if (!gone || gone.reason === null) return;
  const recorded = texts.recordOf(id);
  const branches = playground.texts.filter(({ parent }) => parent === id).map((text) => text.id);
  playground.removeText(id);
  settle('deletion');
  const run = (): void => void restore(gone, recorded, branches).catch(notifyFailure);
  notify('info', `“${gone.name}” is deleted.`, { label: 'Undo', run }, 'deletion');
}

async function restore(
  gone: PageText,
  recorded: Recorded | null,
  branches: readonly TextId[],
): Promise<void> {
  // Meanwhile other texts may have been deleted or opened.
  const parent =
    gone.parent !== null && playground.texts.some(({ id }) => id === gone.parent) ? gone.parent : null;
  // A lane on the Compare view is still in the store.
  if (texts.get(gone.id)) {
    const { id, lane, forkedAt, stream, drawn } = gone;
    playground.holdAlone({
      id,
      lane,
      parent,
      forkedAt,
      ...(stream === undefined ? {} : { stream }),
      ...(drawn === undefined ? {} : { drawn }),
    });
  } else playground.addTexts([{ ...gone, parent }], () => recorded);
  for (const id of branches)
    texts.change(id, (text) => (text.parent === gone.parent ? { ...text, parent: gone.id } : text));
  playground.show(gone.id);
  await holdRestored(gone);
}

/** A text that grows step by step was not cut by a limit: the person stopped to look at what may come next. */
function paused(): void {
  const { text } = playground;
  if (!text) return;
  texts.change(text.id, (text) => (text.reason === 'max-tokens' ? { ...text, reason: 'stopped' } : text));
  playground.select(text.length);
}
