import type { TokenId } from '../../engines/contract.ts';
import type { DrawnToken, ServerToken } from '../../engines/openai/replies.ts';
import type { ServerVocabulary } from '../../engines/openai/vocabulary.ts';
import type { TextEvidence } from '../api/worker_api.ts';
import { partialRow, partialView } from '../api/partial_view.ts';
import type { HeldText } from '../texts/texts_by_id.ts';
import type { CandidateRow, StepView } from '../api/views.ts';

/** What a server told about each step: the likeliest tokens. Of the others only the total probability is known. */
export class ServerSteps {
  readonly #steps = new WeakMap<HeldText, Map<number, DrawnToken>>();

  put(text: HeldText, position: number, drawn: DrawnToken): void {
    const steps = this.#steps.get(text) ?? new Map<number, DrawnToken>();
    steps.set(position, drawn);
    this.#steps.set(text, steps);
  }

  /** Copies the steps before `length` to a text that continues from another. */
  share(from: HeldText, to: HeldText, length: number): void {
    const before = [...(this.#steps.get(from) ?? [])].filter(([position]) => position < length);
    this.#steps.set(to, new Map(before));
  }

  /** Another token of a step, in place of the drawn one; null if the server did not list it. */
  told(text: HeldText, position: number, id: TokenId, vocabulary: ServerVocabulary): DrawnToken | null {
    const drawn = this.#steps.get(text)?.get(position);
    const token = drawn && [drawn, ...drawn.top].find((one) => vocabulary.idOf(one) === id);
    return token ? { ...token, top: drawn.top } : null;
  }

  /** What a record keeps. Rows with fewer candidates end in NaN; final logprobs are NaN, because the server does not tell them. */
  evidence(text: HeldText, vocabulary: ServerVocabulary, most: number): TextEvidence {
    const { tokens: all, promptLength, byHand, stream } = text;
    const steps = this.#steps.get(text);
    const tops = all.slice(promptLength).map((_, output) => steps?.get(promptLength + output)?.top ?? []);
    const depth = Math.min(most, Math.max(0, ...tops.map(({ length }) => length)));
    const tokens = new Uint32Array(tops.length * depth);
    const rawLogprob = new Float64Array(tops.length * depth).fill(NaN);
    tops.forEach((top, output) =>
      top.slice(0, depth).forEach((one, index) => {
        tokens[output * depth + index] = vocabulary.idOf(one);
        rawLogprob[output * depth + index] = one.logprob;
      }),
    );
    return {
      depth,
      tokens,
      rawLogprob,
      finalLogprob: new Float64Array(tokens.length).fill(NaN),
      labels: new Map([...tokens, ...all].map((token) => [token, vocabulary.label(token)])),
      byHand: [...byHand],
      stream,
    };
  }

  /** @returns null if the server told nothing about the step */
  view(text: HeldText, position: number, vocabulary: ServerVocabulary, top: number): StepView | null {
    const drawn = this.#steps.get(text)?.get(position);
    if (!drawn || (drawn.top.length === 0 && drawn.logprob === null)) return null;
    const rowOf = (token: ServerToken, rank: number): CandidateRow => {
      const id = vocabulary.idOf(token);
      return partialRow(id, vocabulary.label(id), rank, token.logprob ?? NaN, NaN);
    };
    const ranked = drawn.top.map((token, index) => rowOf(token, index + 1));
    const chosen = vocabulary.idOf(drawn);
    const own = ranked.find(({ token }) => token === chosen) ?? rowOf(drawn, NaN);
    const listed = ranked.slice(0, top);
    const known = {
      chosen,
      // Most servers do not say how many tokens share the rest.
      vocabularySize: vocabulary.serverSize,
      ranks: Math.max(1, ranked.length),
      entropyRaw: NaN,
      entropyFinal: NaN,
      kept: NaN,
    };
    return partialView(known, listed.includes(own) ? listed : [...listed, own], ranked);
  }
}
