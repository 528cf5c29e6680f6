/** A model with any small vocabulary, whose logits are a hash of the tokens before. */
import type { Engine, TokenId, Tokenizer } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { uniform } from '../../../src/sampling/rng.ts';

/** @param texts the bytes of each token; an empty one is an end token */
export function tinyTokenizer(texts: readonly Uint8Array[]): Tokenizer {
  const ends = new Set(texts.flatMap(({ length }, token) => (length === 0 ? [token] : [])));
  const decoder = (): ReturnType<Tokenizer['decoder']> => {
    const utf8 = new TextDecoder();
    return {
      push: (token) => utf8.decode(texts[token], { stream: true }),
      end: () => utf8.decode(),
      clone: decoder,
    };
  };
  return {
    vocabularySize: texts.length,
    bos: null,
    eos: [...ends][0] ?? null,
    endOfGeneration: ends,
    hasChatTemplate: false,
    encode: (text) =>
      [...new TextEncoder().encode(text)].map((byte) => texts.findIndex((t) => t[0] === byte)),
    bytes: (token) => texts[token]!,
    label: (token) => new TextDecoder().decode(texts[token]),
    kind: (token) => (ends.has(token) ? 'control' : 'normal'),
    decode: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens.flatMap((t) => [...texts[t]!]))),
    decoder,
    encodeChat: () => ({ text: '', tokens: [] }),
  };
}

/** @param chance decides the logits, so that each engine differs */
export function tinyEngine(texts: readonly Uint8Array[], chance: number): Engine {
  const tokenizer = tinyTokenizer(texts);
  const base = new ScriptedEngine();
  const sequences = new Map<number, TokenId[]>();
  let next = 1;
  const logits = (tokens: readonly TokenId[]): Float32Array =>
    Float32Array.from(texts, (_, token) => 6 * uniform(chance, tokens.length * 1000 + token, tokens.at(-1)!));
  return {
    kind: 'scripted',
    model: { ...base.model, vocabularySize: texts.length },
    capabilities: base.capabilities,
    tokenizer,
    session: {
      prefill: (tokens) => {
        sequences.set(next, [...tokens]);
        return Promise.resolve({ sequence: next++, logits: logits(tokens), reused: 0 });
      },
      step: (entries) =>
        Promise.resolve(
          entries.map(({ sequence, token }) => {
            const tokens = sequences.get(sequence)!;
            tokens.push(token);
            return logits(tokens);
          }),
        ),
      fork: (sequence) => {
        sequences.set(next, [...sequences.get(sequence)!]);
        return next++;
      },
      release: (sequence) => void sequences.delete(sequence),
      tokens: (sequence) => sequences.get(sequence)!,
      usage: base.session.usage,
    },
    describe: () => base.describe(),
    dispose: () => undefined,
  };
}

/** One token per byte, and two end tokens. */
export const everyByte: readonly Uint8Array[] = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  new Uint8Array(),
  new Uint8Array(),
];
