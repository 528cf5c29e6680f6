import { describe, expect, it } from 'vitest';
import { EngineError } from '../../../src/engines/contract.ts';
import { logitsOf } from '../../../src/engines/wllama/logits.ts';
import { type Llama, WllamaSession } from '../../../src/engines/wllama/session.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';

const VOCABULARY = 7;

/** Probabilities that depend on every token before them, and on their order. */
function probabilities(tokens: readonly number[]): { token: number; p: number }[] {
  const weights = Array.from({ length: VOCABULARY }, (_, candidate) =>
    tokens.reduce((weight, token, i) => weight + ((token * 31 + candidate * 17 + i * 7) % 13), 1),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  // Likeliest first, as the library gives them.
  return weights.map((weight, token) => ({ token, p: weight / sum })).sort((a, b) => b.p - a.p);
}

/** Imitates the library: one sequence that can be extended and cut, with the library's refusals. */
class OneSequence implements Llama {
  tokens: number[] = [];
  decoded = 0;
  failNext = false;

  decode(tokens: number[]): Promise<unknown> {
    if (this.failNext) {
      this.failNext = false;
      return Promise.reject(new Error('memory access out of bounds'));
    }
    this.tokens.push(...tokens);
    this.decoded += tokens.length;
    return Promise.resolve({});
  }
  getLogits(topK: number): ReturnType<Llama['getLogits']> {
    expect(topK).toBe(-1);
    return Promise.resolve(probabilities(this.tokens));
  }
  kvRemove(nKeep: number, nDiscard: number): Promise<void> {
    if (nKeep === 0 || nDiscard !== -1) return Promise.reject(new Error('kvRemove unknown error'));
    this.tokens.length = nKeep;
    return Promise.resolve();
  }
  kvClear(): Promise<void> {
    this.tokens = [];
    return Promise.resolve();
  }
}

function open(): { llama: OneSequence; session: WllamaSession } {
  const llama = new OneSequence();
  const options = { vocabularySize: VOCABULARY, contextLength: 300, kvBytesPerToken: 8 };
  return { llama, session: new WllamaSession(llama, options) };
}

function expected(tokens: readonly number[]): Float32Array {
  const row = new Float32Array(VOCABULARY);
  for (const { token, p } of probabilities(tokens)) row[token] = Math.log(p);
  return row;
}

const code = (error: unknown): string => (error instanceof EngineError ? error.code : String(error));

describe('sequences over one KV cache', () => {
  it('gives each text its own logits, whichever text was evaluated last', async () => {
    const { llama, session } = open();
    const a = await session.prefill([1, 2, 3]);
    const b = await session.prefill([1, 2, 4, 5]);
    expect(b.reused).toBe(2);
    expect(a.logits).toEqual(expected([1, 2, 3]));
    expect(b.logits).toEqual(expected([1, 2, 4, 5]));
    const [afterA] = await session.step([{ sequence: a.sequence, token: 6 }]);
    const [afterB] = await session.step([{ sequence: b.sequence, token: 0 }]);
    expect(afterA).toEqual(expected([1, 2, 3, 6]));
    expect(afterB).toEqual(expected([1, 2, 4, 5, 0]));
    expect(session.tokens(a.sequence)).toEqual([1, 2, 3, 6]);
    expect(llama.tokens).toEqual([1, 2, 4, 5, 0]);
  });

  it('evaluates the last token again when the whole prompt is cached, and one token per step', async () => {
    const { llama, session } = open();
    const { sequence } = await session.prefill([1, 2, 3]);
    llama.decoded = 0;
    expect((await session.prefill([1, 2, 3])).reused).toBe(2);
    expect(llama.decoded).toBe(1);
    await session.step([{ sequence, token: 4 }]);
    expect(llama.decoded).toBe(2);
  });

  it('gives the logits of each requested position once', async () => {
    const { session } = open();
    await session.prefill([1, 2, 3]);
    const rows = new Map<number, Float32Array>();
    const prompt = Array.from({ length: 150 }, (_, i) => i % VOCABULARY);
    const onLogits = (position: number, row: Float32Array): void => {
      expect(rows.has(position)).toBe(false);
      rows.set(position, row);
    };
    const { logits, sequence } = await session.prefill(prompt, { onLogits });
    expect(rows.size).toBe(150);
    for (const [position, row] of rows) expect(row).toEqual(expected(prompt.slice(0, position + 1)));
    // The callback and the caller each keep their own row.
    rows.get(149)!.fill(0);
    expect(logits).toEqual(expected(prompt));
    rows.clear();
    await session.prefill([5, 6], { sequence, onLogits });
    expect([...rows.keys()]).toEqual([150, 151]);
    expect(rows.get(151)).toEqual(expected([...prompt, 5, 6]));
  });

  it('stops between two parts of a prompt, and resumes there', async () => {
    const { llama, session } = open();
    const prompt = Array.from({ length: 200 }, (_, i) => (i * 3) % VOCABULARY);
    const stop = new AbortController();
    const stopped = session.prefill(prompt, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    expect(await stopped.catch(code)).toBe('aborted');
    const part = llama.tokens.length;
    expect(part).toBeGreaterThan(0);
    expect(part).toBeLessThan(200);
    const { logits, reused } = await session.prefill(prompt);
    expect(reused).toBe(part);
    expect(logits).toEqual(expected(prompt));
  });

  it('discards the cache after a failure', async () => {
    const { llama, session } = open();
    await session.prefill([1, 2, 3]);
    llama.failNext = true;
    expect(await session.prefill([1, 2, 3, 4]).catch(code)).toBe('device-lost');
    const { logits, reused } = await session.prefill([1, 2, 3, 4]);
    expect(reused).toBe(0);
    expect(logits).toEqual(expected([1, 2, 3, 4]));
    expect(llama.tokens).toEqual([1, 2, 3, 4]);
  });

  it.each([
    ['an empty prompt', [], 'empty-prompt'],
    ['a token of another vocabulary', [1, 7], 'bad-token'],
    ['more than the context holds', Array<number>(301).fill(1), 'context-full'],
  ])('refuses %s', async (_, tokens, expectedCode) => {
    expect(await open().session.prefill(tokens).catch(code)).toBe(expectedCode);
  });

  it('refuses a fork, a batch, and a released sequence', async () => {
    const { session } = open();
    const { sequence } = await session.prefill([1]);
    expect(() => session.fork()).toThrow(/cannot fork/);
    const two = [
      { sequence, token: 1 },
      { sequence, token: 2 },
    ];
    expect(await session.step(two).catch(code)).toBe('not-supported');
    session.release(sequence);
    expect(await session.step([{ sequence, token: 1 }]).catch(code)).toBe('bad-sequence');
  });
});

describe('logits from probabilities', () => {
  it('are ln p by token id, −∞ below what a float holds', () => {
    const logits = logitsOf(
      [
        { token: 2, p: 0.75 },
        { token: 0, p: 0.25 },
        { token: 1, p: 0 },
      ],
      3,
    );
    expect([...logits]).toEqual([Math.fround(Math.log(0.25)), -Infinity, Math.fround(Math.log(0.75))]);
  });

  it('no chain draws a token at −∞, and it breaks none', () => {
    const row = logitsOf(
      [0.6, 0.4, 0].map((p, token) => ({ token, p })),
      3,
    );
    const params = { ...defaultParams(), temperature: 5, topP: 1, minP: 0, topK: 0 };
    const sampler = new Sampler(params, { vocabularySize: 3, stream: 0, dryBreakers: new Map() });
    const drawn = new Set<number>();
    for (let position = 1; position < 300; position++) {
      const draw = sampler.sample(row, { history: Int32Array.of(0), position, allowed: null });
      drawn.add(draw.token);
      expect(sampler.finalLogprob(2)).toBe(-Infinity);
    }
    expect([...drawn].sort()).toEqual([0, 1]);
  });

  it.each([
    ['nothing is left of them', [0, 0, 0]],
    ['they overflowed', [NaN, NaN, 0]],
    ['they are no distribution', [0.5, 0.2, 0.1]],
  ])('are refused where %s', (_, p) => {
    expect(() =>
      logitsOf(
        p.map((value, token) => ({ token, p: value })),
        3,
      ),
    ).toThrow(/add up to/);
  });
});
