/** Makes a record of texts on the page. */
import { worker } from '../connection.ts';
import { compare, type Comparison } from '../compare/state.svelte.ts';
import { isModel, writerOf } from '../texts/held_texts.ts';
import { drawnBy, type PageText } from '../texts/text.ts';
import { texts } from '../texts/store.svelte.ts';
import { playground } from '../state.svelte.ts';
import type { Recorded } from '../texts/recorded.ts';
import type { DocumentText, RunRecord } from './document.ts';
import { documentText, fromEvidence, type Known } from './document_text.ts';
import { engineHere, modelHere, unknownEngine } from './here.ts';
import { documentComparison, recordedTexts } from './make_comparison.ts';

export interface Recordable {
  /** Parents before their branches, as the page keeps them; at least one. */
  readonly texts: readonly PageText[];
  /** The comparison of these texts, if they were run together. */
  readonly comparison: Comparison | null;
}

/** @param depth candidates of each step */
export async function makeRecord({ texts: all, comparison }: Recordable, depth: number): Promise<RunRecord> {
  const texts = comparison ? recordedTexts(comparison) : all;
  // Read what is on view first: it may change while the worker answers.
  const onView = comparison ? comparison.texts[compare.focus]?.id : playground.current;
  const selected = comparison ? compare.selected : playground.selected;
  const current = Math.max(
    0,
    texts.findIndex(({ id }) => id === onView),
  );
  const strategy = comparison ? comparison.strategy.kind : drawnBy(texts[current]!)[0]!.strategy;
  const author = await authorOf(texts[current]!);
  const documentTexts: DocumentText[] = [];
  for (const text of texts) {
    const known = await knownOf(text, depth);
    documentTexts.push(documentText(text, texts, known, comparison ? null : strategy));
  }
  return {
    ...author,
    strategy,
    lines: documentTexts,
    comparison: comparison && documentComparison(comparison, texts),
    current,
    selected: selected !== null && selected <= texts[current]!.length ? selected : null,
  };
}

/** What wrote a text and computed its numbers. This is the loaded model only if it is the same model. */
async function authorOf(text: PageText): Promise<Pick<RunRecord, 'model' | 'engine'>> {
  const recorded = recordedHere(text);
  const writer = writerOf(text);
  const model = recorded?.model ?? writer;
  if (!model || (recorded === null && writtenByLoaded(text)))
    return { model: await modelHere(), engine: engineHere() };
  return { model: { sha256: null, ...model }, engine: recorded?.engine ?? unknownEngine };
}

/** The origin of a text that shows recorded numbers, because it was not revived or its model is no longer loaded. */
function recordedHere(text: PageText): Recorded | null {
  const recorded = texts.recordOf(text.id);
  return recorded && (recorded.state === 'recorded' || !writtenByLoaded(text)) ? recorded : null;
}

function writtenByLoaded(text: PageText): boolean {
  const { engine } = playground;
  const writer = writerOf(text);
  return engine.phase === 'ready' && (writer === null || isModel(engine.summary, writer));
}

/** The final numbers of candidates depend on what drew the token, so a text continued with other knobs is asked for in parts. */
async function knownOf(text: PageText, depth: number): Promise<Known> {
  const recorded = recordedHere(text);
  if (recorded) return { ...recorded, top: (position) => recorded.top(position).slice(0, depth) };
  const nothing: Known = { top: () => [], byHand: text.byHand ?? [], stream: text.stream ?? 0 };
  // The worker reports no candidates during a run.
  const busy = playground.run.phase !== 'idle' || !writtenByLoaded(text);
  if (depth === 0 || busy || text.length === text.promptLength) return nothing;
  const parts: { readonly from: number; readonly known: Known }[] = [];
  for (const { from, params } of drawnBy(text)) {
    const evidence = await worker().evidence(text.id, params, depth);
    if (!evidence) return nothing;
    parts.push({ from, known: fromEvidence(evidence, text.promptLength) });
  }
  const { byHand, stream } = parts[0]!.known;
  const partAt = (position: number): Known | undefined =>
    parts.findLast(({ from }) => from <= position)?.known;
  return { top: (position) => partAt(position)?.top(position) ?? [], byHand, stream };
}
