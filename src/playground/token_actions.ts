/** Questions about tokens of the vocabulary. */
import type { TokenId } from '../engines/contract.ts';
import type { SamplingParams } from '../sampling/params.ts';
import type { StepPlace, TextScore, TokenHit, TokenisedPrompt } from '../worker/api/worker_api.ts';
import type { CandidateRow } from '../worker/api/views.ts';
import { worker } from './connection.ts';
import { sameParams } from './same_params.ts';
import { playground } from './state.svelte.ts';

/** Tokens whose text contains `query` or whose id equals it, best matches first. Empty without a model. */
export async function searchTokens(query: string, limit: number): Promise<readonly TokenHit[]> {
  return playground.engine.phase === 'ready' ? worker().searchTokens(query, limit) : [];
}

/** The token's text, or its number while no model is loaded. */
export async function tokenLabel(token: TokenId): Promise<string> {
  const hits = await searchTokens(String(token), 1);
  return hits[0]?.token === token ? hits[0].label : String(token);
}

/** A step on view, and the knobs that it is shown with. */
export interface ShownStep {
  readonly place: StepPlace;
  readonly params: SamplingParams;
}

/** The step in the inspector, or null. */
export function shownStep(): ShownStep | null {
  const { inspected, params } = playground;
  return inspected && { place: { text: inspected.text, position: inspected.position }, params };
}

/** Whether the inspector shows this step with these knobs. */
export function isShown({ place, params }: ShownStep): boolean {
  const shown = shownStep();
  return (
    shown?.place.text === place.text &&
    shown.place.position === place.position &&
    sameParams(shown.params, params)
  );
}

/** One token at a step, whatever its rank. */
export function candidateAt({ place, params }: ShownStep, token: TokenId): Promise<CandidateRow | null> {
  return worker().candidate(place, params, token);
}

/** Scores a text at a step, in place of what follows. */
export function scoreText({ place, params }: ShownStep, text: string): Promise<TextScore | null> {
  return worker().score(place, params, text);
}

/** How the loaded model tokenises a text. */
export async function tokenise(text: string): Promise<TokenisedPrompt | null> {
  return playground.engine.phase === 'ready' ? worker().tokenise({ kind: 'text', text }) : null;
}
