/** Compares the chain with independent plain loops, on real and on random logits. */
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openGguf } from '../../../src/engines/gguf/header.ts';
import { bufferSource } from '../../../src/engines/gguf/sources.ts';
import { type SamplingParams, type StageName } from '../../../src/sampling/params.ts';
import { uniform } from '../../../src/sampling/rng.ts';
import { plainForward, readPlainModel } from '../../reference/plain_forward.ts';
import {
  plainCandidates,
  plainDraw,
  plainDry,
  plainMinP,
  plainPenalties,
  plainSoftmax,
  plainTemperature,
  plainTopK,
  plainTopNSigma,
  plainTopP,
  plainTypicalP,
  plainXtc,
  type PlainStage,
} from '../../reference/plain_samplers.ts';
import { runChain } from './run_chain.ts';
import type { SurvivorGolden } from './survivor_golden.ts';

type History = readonly number[];
interface Case {
  readonly name: string;
  readonly change: Partial<SamplingParams>;
  readonly plain: (history: History) => PlainStage;
}

const CASES: readonly Case[] = [
  { name: 'top-k 1', change: { topK: 1 }, plain: () => plainTopK(1) },
  { name: 'top-k 40', change: { topK: 40 }, plain: () => plainTopK(40) },
  { name: 'top-p .5', change: { topP: 0.5 }, plain: () => plainTopP(0.5) },
  { name: 'top-p .95', change: { topP: 0.95 }, plain: () => plainTopP(0.95) },
  { name: 'top-p .9, keep 7', change: { topP: 0.9, minKeep: 7 }, plain: () => plainTopP(0.9, 7) },
  { name: 'min-p .05', change: { minP: 0.05 }, plain: () => plainMinP(0.05) },
  { name: 'min-p .3, keep 5', change: { minP: 0.3, minKeep: 5 }, plain: () => plainMinP(0.3, 5) },
  { name: 'typical .9', change: { typicalP: 0.9 }, plain: () => plainTypicalP(0.9) },
  { name: 'typical .2, keep 4', change: { typicalP: 0.2, minKeep: 4 }, plain: () => plainTypicalP(0.2, 4) },
  { name: 'top-nσ 1', change: { topNSigma: 1 }, plain: () => plainTopNSigma(1) },
  { name: 'top-nσ 2.5', change: { topNSigma: 2.5 }, plain: () => plainTopNSigma(2.5) },
  { name: 'XTC .1', change: { xtcProbability: 1, xtcThreshold: 0.1 }, plain: () => plainXtc(0.1) },
  {
    name: 'XTC .02, keep 500',
    change: { xtcProbability: 1, xtcThreshold: 0.02, minKeep: 500 },
    plain: () => plainXtc(0.02, 500),
  },
  { name: 'temperature 0', change: { temperature: 0 }, plain: () => plainTemperature(0) },
  { name: 'temperature .3', change: { temperature: 0.3 }, plain: () => plainTemperature(0.3) },
  {
    name: 'dynamic temperature',
    change: { temperature: 0.8, dynatempRange: 0.5, dynatempExponent: 1.5 },
    plain: () => plainTemperature(0.8, 0.5, 1.5),
  },
  {
    name: 'penalties',
    change: { repeatPenalty: 1.3, frequencyPenalty: 0.2, presencePenalty: -0.1, penaltyLastN: 32 },
    plain: (history) => plainPenalties(history, 32, 1.3, 0.2, -0.1),
  },
  {
    name: 'DRY',
    change: { dryMultiplier: 0.8, dryBase: 1.75, dryAllowedLength: 1, dryLastN: -1 },
    plain: (history) => plainDry(history, 0.8, 1.75, 1, -1),
  },
];

/** The default order with every stage on, by hand. */
const EVERYTHING: Case = {
  name: 'every stage',
  change: {
    repeatPenalty: 1.2,
    frequencyPenalty: 0.1,
    presencePenalty: 0.1,
    penaltyLastN: 64,
    dryMultiplier: 0.5,
    dryLastN: 64,
    topNSigma: 6,
    topK: 60,
    typicalP: 0.97,
    topP: 0.96,
    minP: 0.01,
    xtcProbability: 1,
    xtcThreshold: 0.4,
    temperature: 0.7,
    dynatempRange: 0.2,
  },
  plain: (history) => (candidates) =>
    [
      plainPenalties(history, 64, 1.2, 0.1, 0.1),
      plainDry(history, 0.5, 1.75, 2, 64),
      plainTopNSigma(6),
      plainTopK(60),
      plainTypicalP(0.97),
      plainTopP(0.96),
      plainMinP(0.01),
      plainXtc(0.4),
      plainTemperature(0.7, 0.2),
    ].reduce((living, stage) => stage(living), [...candidates]),
};

function expectAgreement({ change, plain }: Case, logits: Float32Array, history: History): void {
  const mine = runChain(logits, change, { history });
  const living = plain(history)(plainCandidates(logits)).sort((a, b) => a.id - b.id);
  expect(mine.survivors).toEqual(living.map(({ id }) => id));
  const probabilities = plainSoftmax(living);
  const errors = living.map(({ id }, i) => Math.abs(mine.probabilities[id]! - probabilities[i]!));
  expect(Math.max(...errors)).toBeLessThan(1e-12);
  expect(mine.trace.token).toBe(plainDraw(living, mine.trace.u));
}

const folder = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'models');

describe.skipIf(!existsSync(folder))('200 real steps of stories260K (../shared/models)', async () => {
  const present = existsSync(folder);
  const read = (name: string): Buffer => readFileSync(resolve(folder, name));
  const ids: number[] = present
    ? JSON.parse(read('stories260K_greedy_reference.json').toString()).greedy_ids
    : [];
  const rows: Float32Array[] = [];
  if (present) {
    const file = await openGguf(bufferSource('stories260K.gguf', read('stories260K.gguf')));
    rows.push(...plainForward(await readPlainModel(file), ids).map((row) => Float32Array.from(row)));
  }

  test.each([...CASES, EVERYTHING])('$name', (one) => {
    expect(rows).toHaveLength(200);
    for (const [i, logits] of rows.entries()) expectAgreement(one, logits, ids.slice(0, i + 1));
  });

  describe('llama.cpp’s own samplers keep the same tokens', () => {
    const golden = JSON.parse(
      readFileSync(new URL('./golden/llama_cpp_survivors.json', import.meta.url), 'utf8'),
    ) as SurvivorGolden;
    const changes: Record<string, Partial<SamplingParams>> = {
      'top-k 8': { topK: 8 },
      'top-p .5': { topP: 0.5 },
      'top-p .95': { topP: 0.95 },
      'min-p .05': { minP: 0.05 },
      'min-p .3': { minP: 0.3 },
      'XTC .1': { xtcProbability: 1, xtcThreshold: 0.1 },
      'the default chain': { topK: 40, topP: 0.95, minP: 0.05, temperature: 0.8 },
    };
    test.each(Object.entries(golden.cases))('%s', (name, steps) => {
      expect(steps).toHaveLength(200);
      for (const [i, step] of steps.entries()) {
        const { survivors } = runChain(rows[i]!, changes[name]!);
        const every = Array.from(rows[i]!.keys());
        const kept = 'kept' in step ? step.kept : every.filter((id) => !step.removed.includes(id));
        expect(survivors).toEqual(kept);
      }
    });
  });

  test('the greedy chain gives the published text', () => {
    for (let i = 0; i + 1 < ids.length; i++) {
      const history = ids.slice(0, i + 1);
      expect(runChain(rows[i]!, { temperature: 0 }, { history }).trace.token).toBe(ids[i + 1]);
    }
  });
});

describe('random logits, ties and histories', () => {
  // Values on a grid of halves, so that ties are common.
  const step = fc.record({
    logits: fc.array(fc.integer({ min: -16, max: 16 }), { minLength: 2, maxLength: 700 }),
    history: fc.array(fc.nat(5), { maxLength: 40 }),
  });
  test.each([...CASES.filter(({ name }) => !name.includes('top-nσ')), EVERYTHING])('$name', (one) => {
    fc.assert(
      fc.property(step, ({ logits, history }) => {
        expectAgreement(
          one,
          Float32Array.from(logits, (value) => value / 2),
          history.map((token) => token % logits.length),
        );
      }),
      // A fixed seed, because with ties a sum may fall exactly on a bound, where no rule decides the last bit.
      { numRuns: 60, seed: 20261120 },
    );
  });
});

describe('every order of three rules, computed by hand', () => {
  const size = 10_000;
  const logits = Float32Array.from({ length: size }, (_, id) => (id === 0 ? -1e9 : Math.log(id)));
  const rules: Partial<Record<StageName, PlainStage>> = {
    top_k: plainTopK(100),
    top_p: plainTopP(0.8),
    min_p: plainMinP(0.1),
  };
  const permutations: StageName[][] = [
    ['top_k', 'top_p', 'min_p'],
    ['top_k', 'min_p', 'top_p'],
    ['top_p', 'top_k', 'min_p'],
    ['top_p', 'min_p', 'top_k'],
    ['min_p', 'top_k', 'top_p'],
    ['min_p', 'top_p', 'top_k'],
  ];
  test.each(permutations)('%s, %s, %s', (...order) => {
    const mine = runChain(logits, { order, topK: 100, topP: 0.8, minP: 0.1 });
    const living = order.reduce((candidates, name) => rules[name]!(candidates), plainCandidates(logits));
    expect(mine.survivors).toEqual(living.map(({ id }) => id).sort((a, b) => a - b));
    expect(mine.trace.stages.map(({ stage }) => stage)).toEqual(order);
  });

  test('each rule alone keeps masses in closed form, as sums of integers', () => {
    // p(id) ∝ id: top-p .8 keeps ids from the top until their sum reaches .8 · Σ.
    const total = (size * (size - 1)) / 2;
    let sum = 0;
    let first = size;
    while (sum < 0.8 * total) sum += --first;
    const { survivors } = runChain(logits, { topP: 0.8 });
    expect([survivors[0], survivors.length]).toEqual([first, size - first]);
    expect(runChain(logits, { minP: 0.1 }).survivors[0]).toBe(1000);
    expect(runChain(logits, { topK: 100 }).survivors[0]).toBe(9900);
  });
});

test('bans after a stage that sorts keep the others in order', () => {
  const logits = Float32Array.from({ length: 900 }, (_, id) => 4 * Math.sin(id * 1.7));
  const best = plainTopK(40)(plainCandidates(logits)).map(({ id }) => id);
  const banned = [0, 3, 4, 20].map((rank) => best[rank]!);
  const rest = plainCandidates(logits).filter(({ id }) => best.includes(id) && !banned.includes(id));
  for (const topP of [0.1, 0.3, 0.6, 0.9]) {
    const { survivors, trace } = runChain(logits, {
      order: ['top_k', 'logit_bias', 'top_p'],
      topK: 40,
      topP,
      logitBias: banned.map((token) => ({ token, bias: -Infinity })),
    });
    const living = plainTopP(topP)(rest);
    expect(survivors).toEqual(living.map(({ id }) => id).sort((a, b) => a - b));
    expect(trace.token).toBe(plainDraw(living, trace.u));
  }
});

test('bans within the sorted part keep the unsorted rest right', () => {
  const logits = Float32Array.from({ length: 3000 }, (_, id) => Math.sin(id * 1.7));
  const nucleus = plainTopP(0.99)(plainCandidates(logits));
  const banned = nucleus.filter((_, rank) => rank % 10 === 0).map(({ id }) => id);
  const { survivors } = runChain(logits, {
    order: ['top_p', 'logit_bias', 'top_k'],
    topP: 0.99,
    topK: 500,
    logitBias: banned.map((token) => ({ token, bias: -Infinity })),
  });
  const living = plainTopK(500)(nucleus.filter(({ id }) => !banned.includes(id)));
  expect(survivors).toEqual(living.map(({ id }) => id).sort((a, b) => a - b));
});

const LARGE = 60_000;
const distinct = Float32Array.from({ length: LARGE }, (_, id) => -6 * Math.log(1 - uniform(3, id, 0)));
/** Thousands of tokens per value, so that ties decide. */
const clustered = Float32Array.from(distinct, (logit) => Math.round(logit / 8));
/** All values within a hundredth, except one far below. */
const narrow = Float32Array.from(distinct, (logit, id) => (id === 7 ? -1e30 : logit / 5000));

describe.each([
  ['distinct', distinct],
  ['clustered', clustered],
  ['narrow', narrow],
])('a large vocabulary of %s logits: partial orders of every depth agree with full sorts', (_, logits) => {
  const cases: [string, Partial<SamplingParams>, PlainStage][] = [
    ...[10, 300, 2000, 29_000, 45_000].map((k): [string, Partial<SamplingParams>, PlainStage] => [
      `top-k ${k}`,
      { topK: k },
      plainTopK(k),
    ]),
    ['top-p .5', { topP: 0.50001 }, plainTopP(0.50001)],
    ['top-p .999', { topP: 0.999 }, plainTopP(0.999)],
    ['typical .6', { typicalP: 0.60001 }, plainTypicalP(0.60001)],
    ['temperature 3', { temperature: 3 }, plainTemperature(3)],
  ];
  test.each(cases)('%s', (__, change, plain) => {
    const living = plain(plainCandidates(logits));
    const ids = living.map(({ id }) => id).sort((a, b) => a - b);
    for (const seed of [1, 2, 3]) {
      const mine = runChain(logits, { ...change, seed });
      expect(mine.survivors).toEqual(ids);
      expect(mine.trace.token).toBe(plainDraw(living, mine.trace.u));
    }
  });
});
