import { describe, expect, test } from 'vitest';
import { allRows } from './all_rows.ts';
import { encodeContinuation, scoreContinuation } from '../../../src/decoding/continuation.ts';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { Rederiver } from '../../../src/decoding/rederive.ts';
import type { Tokenizer } from '../../../src/engines/contract.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams, neutralParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import { plainCandidates, plainSoftmax } from '../../reference/plain_samplers.ts';

/** Scores a text after "The little cat", with token-by-token logits of a separate engine. */
async function scored(typed: string, change: Partial<SamplingParams>) {
  const engine = new ScriptedEngine();
  const { tokenizer, session } = engine;
  const context = tokenizer.encode('The little cat', { addSpecial: true });
  const continuation = encodeContinuation(typed, tokenizer);
  const tokens = [...context, ...continuation];
  const rows = await allRows(
    new LogitMemory().walk(session, tokens.slice(0, -1), context.length - 1, 'prefill'),
  );
  const score = await scoreContinuation(
    new Rederiver(tokenizer),
    { tokens, stream: 0 },
    { ...neutralParams(), ...change },
    { from: context.length, rows, masks: [] },
    continuation.length,
  );
  const plain: Float32Array[] = [];
  for (let i = 0; i < continuation.length; i++) {
    const { logits, sequence } = await new ScriptedEngine().session.prefill(
      tokens.slice(0, context.length + i),
    );
    expect(sequence).toBe(0);
    plain.push(logits);
  }
  return { score, continuation, plain };
}

describe('the score of a given text', () => {
  test('has the logprobs and ranks of plain loops, for likely and unlikely texts', async () => {
    const { score, continuation, plain } = await scored(' saw an été', {});
    expect(continuation.length).toBeGreaterThan(3);
    expect(score.tokens.map(({ token }) => token)).toEqual(continuation);
    let total = 0;
    continuation.forEach((token, i) => {
      const p = plainSoftmax(plainCandidates(plain[i]!));
      const fate = score.tokens[i]!;
      expect(fate.rawLogprob).toBeCloseTo(Math.log(p[token]!), 10);
      expect(fate.rank).toBe(p.filter((other) => other > p[token]!).length + 1);
      expect(fate.finalLogprob).toBeCloseTo(Math.log(p[token]!), 10);
      total += Math.log(p[token]!);
    });
    expect(score.tokens.at(-1)!.rank).toBeGreaterThan(40);
    expect(score.rawLogprob).toBeCloseTo(total, 9);
    expect(score.finalLogprob).toBeCloseTo(total, 9);
    expect(Math.log(score.perplexity)).toBeCloseTo(-total / continuation.length, 9);
  });

  test('under a temperature, the chain’s probability is that of the divided logits', async () => {
    const { score, continuation, plain } = await scored(' saw an été', { temperature: 2 });
    const total = continuation.reduce((sum, token, i) => {
      const p = plainSoftmax(plainCandidates(plain[i]!.map((logit) => logit / 2)));
      return sum + Math.log(p[token]!);
    }, 0);
    expect(score.finalLogprob).toBeCloseTo(total, 5);
    expect(score.rawLogprob).not.toBeCloseTo(total, 1);
  });

  test('names the stage that removed a token', async () => {
    const { score } = await scored(' saw an été', { ...defaultParams(), topK: 1 });
    expect(score.finalLogprob).toBe(-Infinity);
    expect(Number.isFinite(score.rawLogprob)).toBe(true);
    expect(score.tokens.at(-1)).toMatchObject({ removedBy: 'top_k' });
  });
});

describe('the tokens of a continuation', () => {
  const { tokenizer } = new ScriptedEngine();
  /** Like SentencePiece with its dummy prefix: a separate text begins with a space. */
  const prefixing: Tokenizer = Object.create(tokenizer, {
    encode: { value: (text: string) => tokenizer.encode(` ${text}`) },
  }) as Tokenizer;

  test.each([' blue', 'blue', '\n\nblue', 'a', ';', '', ' été – 文 🦊'])(
    '%j decodes to the same text',
    (text) => {
      for (const one of [tokenizer, prefixing]) {
        expect(one.decode(encodeContinuation(text, one))).toBe(text);
      }
    },
  );
});
