/** Branches: another token at a step, the tree that comes of it, and one token at a time. */
import type { TokenId } from '../engines/contract.ts';
import type { LineId } from '../worker/api.ts';
import type { CandidateRow } from '../worker/views.ts';
import { worker } from './connection.ts';
import type { Line } from './line.ts';
import { continueFrom } from './run_actions.ts';
import { playground } from './state.svelte.ts';

/** Marks a candidate of the inspected step; a second press takes it. */
export function pickCandidate(row: CandidateRow | null): void {
  const { line, position } = playground;
  playground.change({
    picked: row && line && position !== null ? { line: line.id, position, row } : null,
    ...(row && position !== null ? { selected: position, hovered: null } : {}),
  });
}

/** The marked candidate, as long as its step is on view. */
export function picked(): CandidateRow | null {
  const { picked: mark, line, position } = playground;
  return mark && mark.line === line?.id && mark.position === position ? mark.row : null;
}

/** A new branch with `token` at the inspected step; at the very end the text grows by it. */
export async function branchWith(token: TokenId): Promise<void> {
  const { line, position } = playground;
  if (!line || position === null || position < line.promptLength) return;
  const outputs = position - line.promptLength;
  const atEnd = position === line.length;
  pickCandidate(null);
  await continueFrom({ line, outputs, token, ...(atEnd ? { maxTokens: 0 } : {}) });
  if (atEnd) selectNext();
}

/** Draws one token at the end of the line on view, and shows what may follow it. */
export async function stepOnce(): Promise<void> {
  const { line } = playground;
  if (!line) return;
  await continueFrom({ line, outputs: line.length - line.promptLength, maxTokens: 1 });
  selectNext();
}

/** Continues the line on view from its end. */
export async function carryOn(): Promise<void> {
  const { line } = playground;
  if (line) await continueFrom({ line, outputs: line.length - line.promptLength });
}

/** Runs on from where the knobs, as they stand now, would have parted from the text. */
export async function continueFromDivergence(): Promise<void> {
  const { line, overlay } = playground;
  const at = overlay?.rederived.firstDivergence;
  if (line && at !== null && at !== undefined) await continueFrom({ line, outputs: at });
}

export function renameLine(id: LineId, name: string): void {
  const trimmed = name.trim().slice(0, 40);
  if (trimmed === '') return;
  playground.change({
    lines: playground.lines.map((line) => (line.id === id ? { ...line, name: trimmed } : line)),
  });
}

/** Deletes a line; its branches move up to its own parent. */
export function deleteLine(id: LineId): void {
  const gone = playground.lines.find((line) => line.id === id);
  if (!gone || gone.reason === null) return;
  const lines = playground.lines
    .filter((line) => line.id !== id)
    .map((line): Line => (line.parent === id ? { ...line, parent: gone.parent } : line));
  const current = playground.current === id ? (lines.at(-1)?.id ?? null) : playground.current;
  playground.change({ lines, current, overlay: null, inspected: null, selected: null, hovered: null });
  void worker().forget(id);
}

function selectNext(): void {
  const { line } = playground;
  if (line) playground.change({ selected: line.length });
}
