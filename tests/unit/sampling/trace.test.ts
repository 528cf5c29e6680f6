import { describe, expect, test } from 'vitest';
import { defaultParams, neutralParams } from '../../../src/sampling/parameter_table.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import { rankOf, topTokens } from '../../../src/sampling/ordering/ranking.ts';
import { rawDistribution } from '../../../src/sampling/scores.ts';
import { traceMemory } from '../../../src/sampling/trace.ts';
import { rawLogprob, tokenFate, topOf } from '../../../src/sampling/trace_view.ts';
import { plainCandidates, plainEntropy, plainSoftmax } from '../../reference/plain_samplers.ts';
import { logitsOf, runChain } from './run_chain.ts';

const P = [0.05, 0.4, 0.1, 0.25, 0.2];
const logits = logitsOf(P);

describe('the trace of a stage', () => {
  test('has candidates, mass and bound for each stage', () => {
    const { trace } = runChain(logits, { topK: 4, topP: 0.8, minP: 0.55, temperature: 0.5 });
    const told = trace.stages.map(({ stage, before, after, massRemoved }) => ({
      stage,
      before,
      after,
      mass: Number(massRemoved.toFixed(6)),
    }));
    expect(told).toEqual([
      { stage: 'top_k', before: 5, after: 4, mass: 0.05 },
      // .4 + .25 + .2 of .95 is the first sum over .8
      { stage: 'top_p', before: 4, after: 3, mass: Number((0.1 / 0.95).toFixed(6)) },
      { stage: 'min_p', before: 3, after: 2, mass: Number((0.2 / 0.85).toFixed(6)) },
      { stage: 'temperature', before: 2, after: 2, mass: 0 },
    ]);
    expect(trace.stages[0]!.cut).toEqual({ quantity: 'logit', value: logits[2] });
    expect(trace.stages[1]!.cut!.quantity).toBe('probability');
    expect(trace.stages[1]!.cut!.value).toBeCloseTo(0.2 / 0.95, 6);
    expect(trace.stages[3]!.temperature).toBe(0.5);
  });

  test('has the fate of each token, and by how much it missed the bound', () => {
    const { trace } = runChain(logits, { topK: 4, topP: 0.8, minP: 0.55 });
    expect(tokenFate(trace, 1)).toMatchObject({ removedBy: null, missed: null, rank: 1 });
    const byTopK = tokenFate(trace, 0);
    expect([byTopK.removedBy, byTopK.rank, byTopK.finalLogprob]).toEqual(['top_k', 5, -Infinity]);
    expect(byTopK.missed!.bound - byTopK.missed!.value).toBeCloseTo(Math.log(2), 6);
    const byTopP = tokenFate(trace, 2);
    expect(byTopP.removedBy).toBe('top_p');
    expect(byTopP.missed!.value).toBeCloseTo(0.1 / 0.95, 6);
    const byMinP = tokenFate(trace, 4);
    expect(byMinP.removedBy).toBe('min_p');
    expect(byMinP.missed!.bound - byMinP.missed!.value).toBeCloseTo(Math.log(0.55 * 2), 6);
  });

  test('has the misses of typical-p, XTC, mirostat and bans in their own units', () => {
    const typical = runChain(logits, { typicalP: 0.5 }).trace;
    const entropy = plainEntropy(plainCandidates(logits));
    const out = [0, 1, 2, 3, 4].filter((id) => typical.fate[id] !== 0);
    for (const id of out) {
      const { missed } = tokenFate(typical, id);
      expect(missed!.value).toBeCloseTo(Math.abs(-Math.log(P[id]!) - entropy), 5);
      expect(missed!.value).toBeGreaterThanOrEqual(missed!.bound);
    }
    expect(out.length).toBeGreaterThan(0);

    const struck = tokenFate(runChain(logits, { xtcProbability: 1, xtcThreshold: 0.15 }).trace, 1);
    expect(struck.missed).toMatchObject({ quantity: 'probability-above' });
    expect(struck.missed!.value).toBeCloseTo(0.4, 5);
    expect(struck.missed!.bound).toBeCloseTo(0.2, 5);

    const steered = tokenFate(runChain(logits, { mirostat: 2, mirostatTau: 1 }).trace, 0);
    expect(steered.missed).toMatchObject({ quantity: 'bits', bound: 2 });
    expect(steered.missed!.value).toBeCloseTo(-Math.log2(0.05), 5);

    const banned = tokenFate(runChain(logits, { logitBias: [{ token: 3, bias: -Infinity }] }).trace, 3);
    expect(banned).toMatchObject({ removedBy: 'logit_bias', missed: null });
  });

  test('has the grammar’s mask as a stage like the others', () => {
    const allowed = Int32Array.of(0b10101);
    const sampler = new Sampler(neutralParams(), { vocabularySize: 5 });
    sampler.sample(logits, { history: [], position: 0, allowed });
    const trace = sampler.trace();
    expect([...trace.fate]).toEqual([0, 1, 0, 1, 0]);
    expect(trace.stages[0]).toMatchObject({ stage: 'grammar', before: 5, after: 3 });
    expect(trace.stages[0]!.massRemoved).toBeCloseTo(0.65, 6);
    sampler.sample(logits, { history: [], position: 1 });
    expect(sampler.trace().stages).toEqual([]);
  });

  test('counts changed logits', () => {
    const { trace } = runChain(
      logits,
      { repeatPenalty: 2, logitBias: [{ token: 0, bias: 1 }] },
      { history: [1, 1, 2] },
    );
    expect(trace.stages.map(({ stage, changed }) => [stage, changed])).toEqual([
      ['logit_bias', 1],
      ['penalties', 2],
    ]);
  });
});

describe('raw figures over the whole vocabulary', () => {
  const many = Float32Array.from({ length: 5000 }, (_, id) => 8 * Math.sin(id * id));
  const plain = plainSoftmax(plainCandidates(many));

  test('equal the softmax, however few candidates the chain keeps', () => {
    const { trace } = runChain(many, { topK: 1, temperature: 3 });
    const worst = Math.max(...plain.map((p, id) => Math.abs(rawLogprob(trace, id) - Math.log(p))));
    expect(worst).toBeLessThan(1e-11);
    expect(trace.rawEntropy).toBeCloseTo(plainEntropy(plainCandidates(many)), 10);
    const { logNormaliser, entropy } = rawDistribution(many);
    expect(logNormaliser).toBeCloseTo(trace.rawLogNormaliser, 12);
    expect(entropy).toBeCloseTo(trace.rawEntropy, 10);
    expect(trace.finalEntropy).toBe(0);
  });

  test('give ranks and the top n of a full sort, with ties by id', () => {
    const tied = Float32Array.from(many, (logit) => Math.round(logit));
    for (const values of [many, tied]) {
      const order = Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b);
      expect([...topTokens(values, 300)]).toEqual(order.slice(0, 300));
      for (const rank of [1, 2, 50, 4999, 5000]) expect(rankOf(values, order[rank - 1]!)).toBe(rank);
    }
    expect([...topTokens(many, 9000)]).toHaveLength(5000);
    expect([...topTokens(many, 0)]).toEqual([]);
  });

  test('give the top of the kept candidates', () => {
    const { trace, survivors } = runChain(many, { ...defaultParams(), typicalP: 0.5 });
    const top = [...topOf(trace, 1000, 'final')];
    expect([...top].sort((a, b) => a - b)).toEqual(survivors);
    for (let i = 1; i < top.length; i++) {
      expect(trace.logits[top[i - 1]!]!).toBeGreaterThanOrEqual(trace.logits[top[i]!]!);
    }
  });
});

test('a trace owns its arrays, unless a caller lends it some', () => {
  const { trace, sampler } = runChain(logits, defaultParams());
  const kept = structuredClone(trace);
  const memory = traceMemory(logits.length);
  sampler.sample(Float32Array.of(5, 4, 3, 2, 1), { history: [], position: 1 });
  const second = sampler.trace(memory);
  expect(trace).toEqual(kept);
  expect(second).toEqual(sampler.trace());
  sampler.sample(logits, { history: [], position: 0 });
  const third = sampler.trace(memory);
  expect(third).toEqual(kept);
  expect(third.fate).toBe(second.fate);
  expect(third.logits).toBe(second.logits);
});
