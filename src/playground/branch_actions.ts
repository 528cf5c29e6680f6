/** Branches: another token at a step, the tree of branches, and decoding one token at a time. */
import type { TokenId } from '../engines/contract.ts';
import type { LineId } from '../worker/api/worker_api.ts';
import type { CandidateRow } from '../worker/api/views.ts';
import { launch } from './texts/launch.ts';
import { texts } from './texts/store.svelte.ts';
import { isStale } from './prompt_actions.ts';
import { continueFrom, continueText, writeText } from './texts/run_actions.ts';
import { playground } from './state.svelte.ts';

/** Marks a candidate of the inspected step; a second press takes it. */
export function pickCandidate(row: CandidateRow | null): void {
  const { line, shownPosition: position } = playground;
  playground.pick(row && line && position !== null ? { line: line.id, position, row } : null);
}

/** The marked candidate, while its step is on view. */
export function picked(): CandidateRow | null {
  const { picked: mark, line, shownPosition: position } = playground;
  return mark && mark.line === line?.id && mark.position === position ? mark.row : null;
}

/** Starts a branch with `token` at the inspected step; at the end of a text it appends the token. */
export function branchWith(token: TokenId): Promise<void> {
  return launch(async (goOn) => {
    const { line, shownPosition: position } = playground;
    if (!line || position === null || position < line.promptLength) return;
    const outputs = position - line.promptLength;
    const atEnd = position === line.length;
    pickCandidate(null);
    await continueText(goOn, { line, outputs, token, ...(atEnd ? { maxTokens: 0 } : {}) });
    if (atEnd) paused();
  });
}

/** Draws one token at the end of the text on view, or the first one after the prompt, and shows what may follow it. */
export function stepOnce(): Promise<void> {
  return launch(async (goOn) => {
    const { line } = playground;
    if (line && !isStale(line)) {
      await continueText(goOn, { line, outputs: line.length - line.promptLength, maxTokens: 1 });
    } else {
      await writeText(goOn, 1);
    }
    paused();
  });
}

/** Continues the text on view from its end. */
export async function carryOn(): Promise<void> {
  const { line } = playground;
  if (line) await continueFrom({ line, outputs: line.length - line.promptLength });
}

/** Continues from the first step at which the current knobs would have drawn another token. */
export async function continueFromDivergence(): Promise<void> {
  const { line, overlay } = playground;
  const at = overlay?.rederived.firstDivergence;
  if (line && at !== null && at !== undefined) await continueFrom({ line, outputs: at });
}

export function renameLine(id: LineId, name: string): void {
  const trimmed = name.trim().slice(0, 40);
  if (trimmed === '') return;
  texts.change(id, (text) => ({ ...text, name: trimmed }));
}

/** Deletes a text; its branches move up to its parent. */
export function deleteLine(id: LineId): void {
  const gone = playground.lines.find((line) => line.id === id);
  if (gone && gone.reason !== null) playground.removeText(id);
}

/** A text that grows step by step was not cut by a limit: the person stopped to look at what may come next. */
function paused(): void {
  const { line } = playground;
  if (!line) return;
  texts.change(line.id, (text) => (text.reason === 'max-tokens' ? { ...text, reason: 'stopped' } : text));
  playground.select(line.length);
}
