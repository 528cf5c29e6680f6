/** Makes a record of texts on the page. */
import { worker } from '../connection.ts';
import { compare, type Comparison } from '../compare/state.svelte.ts';
import { isModel, writerOf } from '../texts/held_texts.ts';
import { drawnBy, type Line } from '../texts/line.ts';
import { texts } from '../texts/store.svelte.ts';
import { playground } from '../state.svelte.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { DocumentLine, RunRecord } from './document.ts';
import { documentLine, fromEvidence, type Known } from './document_line.ts';
import { engineHere, modelHere, unknownEngine } from './here.ts';
import { documentComparison, recordedLines } from './make_comparison.ts';

export interface Recordable {
  /** Parents before their branches, as the page keeps them; at least one. */
  readonly lines: readonly Line[];
  /** The comparison of these texts, if they were run together. */
  readonly comparison: Comparison | null;
}

/** @param depth candidates of each step */
export async function makeRecord({ lines: all, comparison }: Recordable, depth: number): Promise<RunRecord> {
  const lines = comparison ? recordedLines(comparison) : all;
  // Read what is on view first: it may change while the worker answers.
  const onView = comparison ? comparison.lines[compare.focus]?.id : playground.current;
  const selected = comparison ? compare.selected : playground.selected;
  const current = Math.max(
    0,
    lines.findIndex(({ id }) => id === onView),
  );
  const strategy = comparison ? comparison.strategy.kind : drawnBy(lines[current]!)[0]!.strategy;
  const author = await authorOf(lines[current]!);
  const documentLines: DocumentLine[] = [];
  for (const line of lines) {
    const known = await knownOf(line, depth);
    documentLines.push(documentLine(line, lines, known, comparison ? null : strategy));
  }
  return {
    ...author,
    strategy,
    lines: documentLines,
    comparison: comparison && documentComparison(comparison, lines),
    current,
    selected: selected !== null && selected <= lines[current]!.length ? selected : null,
  };
}

/** What wrote a text and computed its numbers. This is the loaded model only if it is the same model. */
async function authorOf(line: Line): Promise<Pick<RunRecord, 'model' | 'engine'>> {
  const recorded = recordedHere(line);
  const writer = writerOf(line);
  const model = recorded?.model ?? writer;
  if (!model || (recorded === null && writtenByLoaded(line)))
    return { model: await modelHere(), engine: engineHere() };
  return { model: { sha256: null, ...model }, engine: recorded?.engine ?? unknownEngine };
}

/** The origin of a text that shows recorded numbers, because it was not revived or its model is no longer loaded. */
function recordedHere(line: Line): Recorded | null {
  const recorded = texts.recordOf(line.id);
  return recorded && (recorded.state === 'recorded' || !writtenByLoaded(line)) ? recorded : null;
}

function writtenByLoaded(line: Line): boolean {
  const { engine } = playground;
  const writer = writerOf(line);
  return engine.phase === 'ready' && (writer === null || isModel(engine.summary, writer));
}

/** The final numbers of candidates depend on what drew the token, so a text continued with other knobs is asked for in parts. */
async function knownOf(line: Line, depth: number): Promise<Known> {
  const recorded = recordedHere(line);
  if (recorded) return { ...recorded, top: (position) => recorded.top(position).slice(0, depth) };
  const nothing: Known = { top: () => [], byHand: line.byHand ?? [], stream: line.stream ?? 0 };
  // The worker reports no candidates during a run.
  const busy = playground.run.phase !== 'idle' || !writtenByLoaded(line);
  if (depth === 0 || busy || line.length === line.promptLength) return nothing;
  const parts: { readonly from: number; readonly known: Known }[] = [];
  for (const { from, params } of drawnBy(line)) {
    const evidence = await worker().evidence(line.id, params, depth);
    if (!evidence) return nothing;
    parts.push({ from, known: fromEvidence(evidence, line.promptLength) });
  }
  const { byHand, stream } = parts[0]!.known;
  const partAt = (position: number): Known | undefined =>
    parts.findLast(({ from }) => from <= position)?.known;
  return { top: (position) => partAt(position)?.top(position) ?? [], byHand, stream };
}
