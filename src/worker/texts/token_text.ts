/** Tokens as the page shows them. */
import type { TokenId, Tokenizer } from '../../engines/contract.ts';
import type { PromptSource, TokenHit, TokenisedPrompt, TokenText } from '../api/worker_api.ts';

/** The most lost characters to name. */
const MOST_LOST = 20;

/** A prompt as the model reads it. @throws EngineError `bad-template` */
export function tokenisePrompt(source: PromptSource, tokenizer: Tokenizer): TokenisedPrompt {
  const lost = new Set<string>();
  // A template writes its own special tokens, including the beginning of text. Typed text gets its beginning here.
  const { text, tokens } =
    source.kind === 'chat'
      ? tokenizer.encodeChat(source.messages, { lost })
      : { text: source.text, tokens: tokenizer.encode(source.text, { addSpecial: true, lost }) };
  return { text, tokens: tokenTexts(tokens, tokenizer), lost: [...lost].slice(0, MOST_LOST) };
}

/** Each token with the text that it completed. A control token has no text; its label is its name. */
export function tokenTexts(tokens: readonly TokenId[], tokenizer: Tokenizer): TokenText[] {
  const decoder = tokenizer.decoder();
  const texts = tokens.map((token) => ({
    token,
    piece: decoder.push(token),
    label: tokenizer.label(token),
    kind: tokenizer.kind(token),
  }));
  const rest = decoder.end();
  const last = texts.at(-1);
  return last && rest !== '' ? [...texts.slice(0, -1), { ...last, piece: last.piece + rest }] : texts;
}

/** Finds tokens by id or by a part of their text; exact matches first, then shorter ones. */
export class TokenIndex {
  readonly #labels: readonly string[];
  readonly #folded: readonly string[];

  constructor(tokenizer: Tokenizer) {
    this.#labels = Array.from({ length: tokenizer.vocabularySize }, (_, token) => tokenizer.label(token));
    this.#folded = this.#labels.map(fold);
  }

  search(query: string, limit: number): TokenHit[] {
    const wanted = fold(query);
    const found: { hit: TokenHit; score: number }[] = [];
    const byId = /^\d+$/.test(query.trim()) ? Number(query.trim()) : null;
    for (let token = 0; token < this.#labels.length; token++) {
      const text = this.#folded[token]!;
      const at = text.indexOf(wanted);
      if (token !== byId && at < 0) continue;
      const exact = this.#labels[token]!.trim() === query.trim();
      // Lower is better: the id itself, the word itself, then those that begin with it, then short ones.
      const score =
        token === byId
          ? -3
          : exact
            ? -2
            : (at === 0 || text.trimStart().startsWith(wanted) ? 0 : 100) + text.length;
      found.push({ hit: { token, label: this.#labels[token]! }, score });
    }
    return found
      .sort((a, b) => a.score - b.score || a.hit.token - b.hit.token)
      .slice(0, limit)
      .map(({ hit }) => hit);
  }
}

function fold(text: string): string {
  return text.toLowerCase();
}
