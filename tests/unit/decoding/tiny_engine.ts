/** An engine with six tokens, so few that a test can try every sequence. Token 0 ends a text, 1 … 5 are letters. */
import type {
  Engine,
  PrefillOptions,
  SequenceId,
  StepEntry,
  TokenId,
} from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { uniform } from '../../../src/sampling/rng.ts';

const LETTERS = ['<end>', 'a', 'b', 'c', 'd', 'e'];

/** Logits from a hash of the tokens before. */
function tinyLogits(seed: number, tokens: readonly TokenId[]): Float32Array<ArrayBuffer> {
  const place = tokens.reduce((hash, token) => (hash * 31 + token + 1) % 1_000_003, 7);
  return Float32Array.from(LETTERS, (_, id) => 5 * uniform(seed, place, id));
}

export function tinyEngine(seed: number): Engine {
  const host = new ScriptedEngine();
  const sequences = new Map<SequenceId, TokenId[]>();
  let next = 0;
  const last = (id: SequenceId) => tinyLogits(seed, sequences.get(id)!);
  const decoder = () => ({
    push: (token: TokenId) => LETTERS[token]!,
    end: () => '',
    clone: () => decoder(),
  });
  return {
    kind: 'scripted',
    model: { ...host.model, vocabularySize: LETTERS.length },
    capabilities: { ...host.capabilities, maxLogprobs: LETTERS.length },
    tokenizer: {
      vocabularySize: LETTERS.length,
      bos: null,
      eos: 0,
      endOfGeneration: new Set([0]),
      hasChatTemplate: false,
      encode: (text: string) => Array.from(text, (letter) => LETTERS.indexOf(letter)),
      bytes: (token: TokenId) => new TextEncoder().encode(LETTERS[token]),
      label: (token: TokenId) => LETTERS[token]!,
      kind: (token: TokenId) => (token === 0 ? 'control' : 'normal'),
      decode: (tokens: readonly TokenId[]) => tokens.map((token) => LETTERS[token]).join(''),
      decoder,
      encodeChat: () => ({ text: '', tokens: [] }),
    },
    session: {
      prefill: async (tokens: readonly TokenId[], options: PrefillOptions = {}) => {
        const id = next++;
        sequences.set(id, [...tokens]);
        tokens.forEach((_, i) => options.onLogits?.(i, tinyLogits(seed, tokens.slice(0, i + 1))));
        return { sequence: id, logits: last(id), reused: 0 };
      },
      step: async (entries: readonly StepEntry[]) =>
        entries.map(({ sequence, token }) => {
          sequences.get(sequence)!.push(token);
          return last(sequence);
        }),
      fork: (id: SequenceId, length?: number) => {
        sequences.set(next, sequences.get(id)!.slice(0, length));
        return next++;
      },
      release: (id: SequenceId) => void sequences.delete(id),
      tokens: (id: SequenceId) => sequences.get(id)!,
      usage: { pagesUsed: 0, pagesTotal: 1, pageTokens: 1, bytesPerPage: 0 },
    },
    describe: () => host.describe(),
    dispose: () => undefined,
  };
}

export interface Scored {
  readonly tokens: readonly TokenId[];
  readonly total: number;
}

/** Every sequence of at most `length` tokens that ends with token 0 or is `length` long, with its raw total logprob. */
export function everySequence(seed: number, prompt: readonly TokenId[], length: number): Scored[] {
  const all: Scored[] = [];
  const visit = (tokens: TokenId[], total: number): void => {
    if (tokens.length === length || tokens.at(-1) === 0) {
      all.push({ tokens, total });
      return;
    }
    const logits = tinyLogits(seed, [...prompt, ...tokens]);
    const normaliser = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    logits.forEach((logit, id) => visit([...tokens, id], total + logit - normaliser));
  };
  visit([], 0);
  return all;
}
