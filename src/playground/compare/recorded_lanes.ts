/** Lanes from a record: shows what the record knows about a step, and makes the lanes live once their model is loaded. */
import type { LaneDistribution, LaneDistributions, StepView } from '../../worker/api/views.ts';
import { contextNumbers, sharedTokens } from '../../worker/api/shared_tokens.ts';
import { modelIsHere } from '../record_actions.ts';
import { hold } from '../texts/held_texts.ts';
import { allTokens, type PageText } from '../texts/text.ts';
import type { Recorded } from '../texts/recorded.ts';
import { texts } from '../texts/store.svelte.ts';
import { compare } from './state.svelte.ts';

/** The records of the lanes on view, lane by lane; null when no lane is shown from a record. */
export function recordedLanes(): readonly (Recorded | null)[] | null {
  const { comparison } = compare;
  if (!comparison) return null;
  const lanes = comparison.texts.map(({ id }) => texts.recordOf(id));
  return lanes.some((entry) => entry?.state === 'recorded') ? lanes : null;
}

/** Makes lanes that this browser kept or that a card shows live, as if they had just run, once the model that wrote them is loaded. */
export async function reviveLanes(): Promise<void> {
  const { comparison } = compare;
  const lanes = recordedLanes();
  if (!comparison || !lanes) return;
  for (const [lane, entry] of lanes.entries()) {
    if (entry?.state !== 'recorded' || !modelIsHere(entry.model)) continue;
    if (entry.origin !== 'kept' && entry.origin !== 'page') continue;
    // Another comparison may have replaced this one meanwhile.
    if (!texts.get(entry.text)) return;
    await hold(comparison.texts[lane]!);
    texts.changeRecord(entry.text, { state: 'live' });
  }
}

/**
 * The lanes' recorded candidates over one list of tokens. A figure that was not recorded is NaN, which charts leave out.
 * @param views the place's views, lane by lane; null where nothing was recorded
 * @param top how many tokens to list: those with the highest final probability in any lane, and always the chosen ones
 */
export function recordedDistributions(
  texts: readonly PageText[],
  views: readonly (StepView | null)[],
  position: number,
  top: number,
): LaneDistributions {
  const weights = new Map<number, number>();
  const labels = new Map<number, string>();
  for (const row of views.flatMap((view) => view?.rows ?? [])) {
    labels.set(row.token, row.label);
    weights.set(row.token, (weights.get(row.token) ?? 0) + row.final + 1e-3 * row.raw);
  }
  const must = new Set(views.flatMap((view) => (view === null || view.chosen === null ? [] : [view.chosen])));
  const tokens = sharedTokens(weights, must, top);
  const before = texts.map((text) => allTokens(text).slice(0, position));
  const contexts = contextNumbers(before.map((prefix) => prefix.map(({ token }) => token)));
  // Lanes with the same text before the place share one raw distribution, so any of them may supply a token's figure.
  const rawOf = (context: number, token: number): number => {
    const known = views.find(
      (view, lane) => contexts[lane] === context && view?.rows.some((row) => row.token === token),
    );
    return known?.rows.find((row) => row.token === token)?.raw ?? NaN;
  };
  return {
    tokens,
    labels: tokens.map((token) => labels.get(token)!),
    lanes: views.map((view, lane) => view && distribution(view, contexts[lane]!, tokens, rawOf)),
  };
}

function distribution(
  view: StepView,
  context: number,
  tokens: readonly number[],
  rawOf: (context: number, token: number) => number,
): LaneDistribution {
  const rows = new Map(view.rows.map((row) => [row.token, row]));
  const final = Float64Array.from(tokens, (token) => rows.get(token)?.final ?? NaN);
  return {
    context,
    chosen: view.chosen,
    raw: Float64Array.from(tokens, (token) => rawOf(context, token)),
    final,
    removedBy: tokens.map((token) => rows.get(token)?.removedBy ?? null),
    rest: Math.max(0, 1 - final.reduce((sum, p) => sum + (Number.isNaN(p) ? 0 : p), 0)),
    entropyRaw: view.entropyRaw,
    entropyFinal: view.entropyFinal,
    kept: view.kept,
    u: null,
  };
}
