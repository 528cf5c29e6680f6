/** DRY's breakers are texts, but its search is over tokens. This file finds every way to spell a breaker in tokens. */
import type { TokenId, Tokenizer } from '../engines/contract.ts';
import type { DryBreakers } from '../sampling/samplers/stage.ts';

/** Bytes as a Latin-1 string: one character per byte, so that string search finds bytes. */
function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** The vocabulary's bytes, once per tokenizer. */
const spelled = new WeakMap<Tokenizer, readonly string[]>();

function spellings(tokenizer: Tokenizer): readonly string[] {
  let found = spelled.get(tokenizer);
  if (found === undefined) {
    found = Array.from({ length: tokenizer.vocabularySize }, (_, id) => latin1(tokenizer.bytes(id)));
    spelled.set(tokenizer, found);
  }
  return found;
}

/** Breakers resolved before, per tokenizer and list of texts: moving a slider asks for the same ones again and again. */
const resolved = new WeakMap<Tokenizer, Map<string, DryBreakers>>();

/** Maximum length of a breaker's tail in tokens, as in llama.cpp. */
const MAX_TAIL = 20;

/**
 * A token that contains the breaker breaks alone. A token that ends in the beginning of the breaker breaks together with the
 * tokens of the rest (llama.cpp, `get_overlapping_token_sequences`).
 */
export function resolveBreakers(texts: readonly string[], tokenizer: Tokenizer): DryBreakers {
  const known = resolved.get(tokenizer) ?? new Map<string, DryBreakers>();
  resolved.set(tokenizer, known);
  const key = JSON.stringify(texts);
  const found = known.get(key) ?? findBreakers(texts, tokenizer);
  known.set(key, found);
  return found;
}

function findBreakers(texts: readonly string[], tokenizer: Tokenizer): DryBreakers {
  const breakers = new Map<TokenId, TokenId[][]>();
  const add = (token: TokenId, tail: TokenId[]): void => {
    const tails = breakers.get(token) ?? [];
    if (!tails.some((other) => other.join() === tail.join())) tails.push(tail);
    breakers.set(token, tails);
  };
  const tokens = texts.length === 0 ? [] : spellings(tokenizer);
  for (const text of texts) {
    const bytes = new TextEncoder().encode(text);
    const breaker = latin1(bytes);
    for (const [token, word] of tokens.entries()) {
      if (word.includes(breaker)) {
        add(token, []);
        continue;
      }
      for (let length = Math.min(breaker.length - 1, word.length); length > 0; length--) {
        if (!word.endsWith(breaker.slice(0, length))) continue;
        const rest = new TextDecoder().decode(bytes.subarray(length));
        // A rest that begins inside a character cannot be tokenised.
        if (!rest.startsWith('\uFFFD')) add(token, tokenizer.encode(rest).slice(0, MAX_TAIL));
      }
    }
  }
  return breakers;
}
