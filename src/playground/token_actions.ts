/** Questions about tokens of the vocabulary. */
import type { TokenId } from '../engines/contract.ts';
import type { TextScore, TokenHit, TokenisedPrompt } from '../worker/api.ts';
import type { CandidateRow } from '../worker/views.ts';
import { worker } from './connection.ts';
import { playground } from './state.svelte.ts';

/** Tokens whose text contains `query`, or whose id it is; best matches first. Empty without a model. */
export async function searchTokens(query: string, limit: number): Promise<readonly TokenHit[]> {
  return playground.engine.phase === 'ready' ? worker().searchTokens(query, limit) : [];
}

/** The token's text, or its number while no model is loaded. */
export async function tokenLabel(token: TokenId): Promise<string> {
  const hits = await searchTokens(String(token), 1);
  return hits[0]?.token === token ? hits[0].label : String(token);
}

/** One named token at the inspected step, wherever it ranks. */
export async function candidateAt(token: TokenId): Promise<CandidateRow | null> {
  const { line, position, params } = playground;
  if (!line || position === null) return null;
  return worker().candidate({ line: line.id, position }, params, token);
}

/** A text at the inspected step, in place of what stands there. */
export async function scoreText(text: string): Promise<TextScore | null> {
  const { line, position, params } = playground;
  if (!line || position === null || text === '') return null;
  return worker().score({ line: line.id, position }, params, text);
}

/** How the loaded model tokenises a text. */
export async function tokenise(text: string): Promise<TokenisedPrompt | null> {
  return playground.engine.phase === 'ready' ? worker().tokenise({ kind: 'text', text }) : null;
}
