/** Compares the bars of a draw with plain loops in f64 over the whole vocabulary. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import type { Tokenizer } from '../../../src/engines/contract.ts';
import { Candidates } from '../../../src/sampling/candidates.ts';
import { ChainWatch } from '../../../src/sampling/chain_watch.ts';
import { defaultParams, neutralParams } from '../../../src/sampling/parameter_table.ts';
import { DEFAULT_ORDER, type SamplingParams } from '../../../src/sampling/params.ts';
import { Sampler } from '../../../src/sampling/sampler.ts';
import type { StepTrace } from '../../../src/sampling/trace.ts';
import type { DrawView } from '../../../src/worker/api/views.ts';
import { drawView } from '../../../src/worker/texts/draw_view.ts';
import { stepView } from '../../../src/worker/texts/step_view.ts';
import { WorkerHost } from '../../../src/worker/host.ts';
import {
  plainCandidates,
  plainDraw,
  plainPenalties,
  plainSoftmax,
  plainTemperature,
  type PlainCandidate,
} from '../../reference/plain_samplers.ts';

const SIZE = 200;
const HISTORY = [1, 2, 3, 2];
const tokenizer = { label: (token: number) => `<${token}>` } as unknown as Tokenizer;

/** Logits with many equal values, both zeros, and −∞. */
const logits = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.float({ min: -30, max: 30, noNaN: true }) },
      { weight: 3, arbitrary: fc.integer({ min: -3, max: 3 }) },
      { weight: 1, arbitrary: fc.constantFrom(0, -0, -Infinity) },
    ),
    { minLength: SIZE, maxLength: SIZE },
  )
  .filter((row) => row.some((logit) => logit > -Infinity))
  .map((row) => Float32Array.from(row));

const params: fc.Arbitrary<SamplingParams> = fc
  .record({
    topK: fc.integer({ min: 0, max: 80 }),
    topP: fc.constantFrom(0.3, 0.9, 1),
    minP: fc.constantFrom(0, 0.05, 0.4),
    typicalP: fc.constantFrom(0.5, 1),
    xtcProbability: fc.constantFrom(0, 1),
    temperature: fc.constantFrom(0, 0.3, 1, 1.7),
    frequencyPenalty: fc.constantFrom(0, 1.5),
    presencePenalty: fc.constantFrom(0, -20, 4),
    order: fc.shuffledSubarray([...DEFAULT_ORDER], { minLength: DEFAULT_ORDER.length }),
    seed: fc.nat(1000),
  })
  .map((some) => ({ ...defaultParams(), ...some }));

function watched(raw: Float32Array, chain: SamplingParams): { trace: StepTrace; watch: ChainWatch } {
  const watch = new ChainWatch();
  const sampler = new Sampler(chain, { vocabularySize: SIZE }, new Candidates(SIZE));
  sampler.sample(raw, { history: HISTORY, position: HISTORY.length }, watch);
  return { trace: sampler.trace(), watch };
}

/** The candidates after each stage: who they are by the trace, their logits by the reference. */
function plainBetween(raw: Float32Array, chain: SamplingParams, trace: StepTrace): PlainCandidate[][] {
  const { fate, stages } = trace;
  let candidates = plainCandidates(raw);
  return [
    candidates,
    ...stages.map(({ stage, temperature }, index) => {
      if (stage === 'penalties')
        candidates = plainPenalties(
          HISTORY,
          chain.penaltyLastN,
          chain.repeatPenalty,
          chain.frequencyPenalty,
          chain.presencePenalty,
        )(candidates);
      if (temperature !== null && temperature > 0) candidates = plainTemperature(temperature)(candidates);
      candidates = candidates.filter(({ id }) => fate[id] === 0 || fate[id]! > index + 1);
      return candidates;
    }),
  ];
}

function expectBars(view: DrawView, between: readonly PlainCandidate[][]): void {
  const listed = new Set(view.bars[0]!.parts.flatMap(({ token }) => token ?? []));
  expect(view.bars).toHaveLength(between.length);
  for (const [index, candidates] of between.entries()) {
    const order = [...candidates].sort((a, b) => b.logit - a.logit || a.id - b.id);
    const probabilities = plainSoftmax(order);
    const expected: { token: number | null; count: number; start: number; probability: number }[] = [];
    let sum = 0;
    for (const [place, { id }] of order.entries()) {
      const probability = probabilities[place]!;
      const last = expected.at(-1);
      if (!listed.has(id) && last?.token === null) {
        last.count++;
        last.probability += probability;
      } else expected.push({ token: listed.has(id) ? id : null, count: 1, start: sum, probability });
      sum += probability;
    }
    const bar = view.bars[index]!;
    expect(bar.parts.map(({ token, count }) => [token, count])).toEqual(
      expected.map(({ token, count }) => [token, count]),
    );
    for (const [place, { start, probability }] of expected.entries()) {
      expect(bar.parts[place]!.start).toBeCloseTo(start, 11);
      expect(bar.parts[place]!.probability).toBeCloseTo(probability, 11);
    }
    expect(bar.count).toBe(order.length);
    expect(bar.max).toBeCloseTo(order[0]!.logit, 11);
    for (const { token, logit, probability } of bar.parts)
      if (token !== null) expect(Math.exp(logit - bar.logNormaliser)).toBeCloseTo(probability, 11);
  }
}

test('every bar is the softmax of the candidates between two stages, in the draw’s order', () => {
  fc.assert(
    fc.property(
      logits,
      params,
      fc.integer({ min: 1, max: 30 }),
      fc.nat(SIZE - 1),
      (raw, chain, top, chosen) => {
        fc.pre(raw[chosen]! > -Infinity);
        const { trace, watch } = watched(raw, chain);
        const view = drawView(
          trace,
          watch.between,
          stepView(trace, chosen, true, tokenizer, top),
          true,
          tokenizer,
        );
        const between = plainBetween(raw, chain, trace);
        expectBars(view, between);
        expect(view.bars.map(({ stage }) => stage)).toEqual([
          null,
          ...trace.stages.map(({ stage }) => stage),
        ]);
      },
    ),
    { numRuns: 300 },
  );
});

test('the needle u falls into the part of the drawn token, listed by name however unlikely it is', () => {
  fc.assert(
    fc.property(logits, params, (raw, chain) => {
      const { trace, watch } = watched(raw, chain);
      const view = drawView(trace, watch.between, stepView(trace, null, true, tokenizer, 3), true, tokenizer);
      const parts = view.bars.at(-1)!.parts;
      const drawn = parts.find(({ token }) => token === trace.token)!;
      expect(view.drawn).toBe(plainDraw(plainBetween(raw, chain, trace).at(-1)!, trace.u));
      expect(drawn.start).toBeLessThanOrEqual(view.u! + 1e-12);
      expect(drawn.start + drawn.probability).toBeGreaterThan(view.u! - 1e-12);
    }),
    { numRuns: 300 },
  );
});

test('watching a step changes no bit of it', () => {
  fc.assert(
    fc.property(logits, params, (raw, chain) => {
      const sampler = new Sampler(chain, { vocabularySize: SIZE }, new Candidates(SIZE));
      sampler.sample(raw, { history: HISTORY, position: HISTORY.length });
      expect(watched(raw, chain).trace).toEqual(sampler.trace());
    }),
  );
});

test('a step that draws nothing has no needle', () => {
  const { trace, watch } = watched(
    Float32Array.from({ length: SIZE }, (_, id) => id / 50),
    defaultParams(),
  );
  const view = drawView(trace, watch.between, stepView(trace, 7, false, tokenizer, 5), false, tokenizer);
  expect([view.drawn, view.u, view.chosen]).toEqual([null, null, 7]);
});

test.each<[string, Partial<SamplingParams>]>([
  ['the default chain', {}],
  ['a chain that changes nothing', neutralParams()],
  ['mirostat', { mirostat: 2 }],
  ['adaptive-p', { adaptiveTarget: 0.4 }],
  ['dynamic temperature and XTC', { dynatempRange: 0.5, xtcProbability: 1 }],
  [
    'a bias that lifts an unlikely token, and a ban',
    {
      logitBias: [
        { token: 300, bias: 40 },
        { token: 301, bias: -Infinity },
      ],
    },
  ],
])('the worker’s first and last bar with %s have the inspector’s probabilities', async (_, change) => {
  const engine = new ScriptedEngine();
  const host = new WorkerHost(() => Promise.resolve(engine)).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
  const chain = { ...defaultParams(), ...change };
  const stop = { maxTokens: 6, sequences: [] };
  await host.run(
    { prompt, lanes: [{ text: 1, params: chain, stream: 0 }], strategy: { kind: 'sample' }, stop },
    () => undefined,
  );
  const place = { text: 1, position: prompt.length + 3 };
  expect(await host.inspect(place, chain, { top: 22 })).not.toHaveProperty('draw');
  const inspected = (await host.inspect(place, chain, { top: 22, draw: true }))!;
  const { bars, u, drawn, chosen } = inspected.draw!;
  expect([u, drawn, chosen]).toEqual([inspected.u, inspected.chosen, inspected.chosen]);
  expect(bars.slice(1).map(({ label }) => label)).toEqual(inspected.stages!.map(({ label }) => label));
  for (const row of inspected.rows) {
    const named = (of: (typeof bars)[number]) => of.parts.find(({ token }) => token === row.token);
    expect(named(bars[0]!)?.probability).toBeCloseTo(row.raw, 12);
    expect(named(bars.at(-1)!)?.probability ?? 0).toBeCloseTo(row.final, 12);
  }
  for (const { parts } of bars)
    expect(parts.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
});
