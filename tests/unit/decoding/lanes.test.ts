import { describe, expect, test } from 'vitest';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { neutralParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import { uniform } from '../../../src/sampling/rng.ts';
import { plainCandidates, plainDraw, plainSoftmax } from '../../reference/plain_samplers.ts';
import { lane, runScripted } from './run_scripted.ts';

/** Sixteen settings that have little in common. */
const SETTINGS: Partial<SamplingParams>[] = Array.from({ length: 16 }, (_, i) => {
  const at = (purpose: number) => uniform(11, i, purpose);
  return {
    temperature: 2 * at(0),
    topK: Math.floor(80 * at(1)),
    topP: 0.5 + at(2) / 2,
    minP: at(3) / 10,
    seed: i % 3,
    repeatPenalty: 1 + at(4) / 2,
    xtcProbability: i % 4 === 0 ? 0.5 : 0,
    dryMultiplier: i % 5 === 0 ? 1 : 0,
    mirostat: i % 7 === 0 ? 2 : 0,
    adaptiveTarget: i % 7 === 3 ? 0.4 : -1,
  };
});

describe('lanes', () => {
  test('16 settings in one batch give the tokens and numbers of each setting alone', async () => {
    const together = await runScripted({ lanes: SETTINGS.map(lane), stop: { maxTokens: 30, sequences: [] } });
    const texts = new Set<string>();
    for (const [i, setting] of SETTINGS.entries()) {
      const alone = await runScripted({ lanes: [lane(setting)], stop: { maxTokens: 30, sequences: [] } });
      const strip = ({ branch: _b, lane: _l, ...rest }: (typeof alone.result.branches)[0]) => rest;
      expect(strip(together.result.branches[i]!)).toEqual(strip(alone.result.branches[0]!));
      const mine = together.records.filter(({ branch }) => branch === i);
      expect(mine.map((record) => ({ ...record, branch: 0 }))).toEqual(alone.records);
      texts.add(together.result.branches[i]!.text);
    }
    expect(texts.size).toBeGreaterThan(10);
  });

  test('takes one forward pass per step, and holds the prompt’s pages once', async () => {
    const engine = new ScriptedEngine();
    let most = 0;
    const { result } = await runScripted(
      {
        lanes: SETTINGS.slice(0, 8).map(lane),
        prompt: new Array(400).fill(300),
        stop: { maxTokens: 10, sequences: [] },
      },
      { engine, onEvent: () => (most = Math.max(most, engine.session.usage.pagesUsed)) },
    );
    expect(result.timing.steps).toBe(9);
    // The prompt takes 25 pages, and each lane one of its own.
    expect(most).toBe(25 + 8);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });

  test('lanes with one seed share u; other streams or seeds do not', async () => {
    const { records } = await runScripted({
      lanes: [lane(), lane({ temperature: 1.5 }), { ...lane(), stream: 1 }, lane({ seed: 43 })],
    });
    const luck = (branch: number) => records.filter((r) => r.branch === branch).map(({ u }) => u);
    expect(luck(1)).toEqual(luck(0));
    expect(luck(2)).not.toEqual(luck(0));
    expect(luck(3)).not.toEqual(luck(0));
  });

  test('runs more lanes than the engine takes at once', async () => {
    const few = await runScripted(
      { lanes: SETTINGS.map(lane) },
      { engine: new ScriptedEngine({ maxBatch: 3 }) },
    );
    const many = await runScripted({ lanes: SETTINGS.map(lane) });
    expect(few.result.branches).toEqual(many.result.branches);
  });
});

describe('what a record says', () => {
  test('every number of every token equals a plain recomputation', async () => {
    const memory = new LogitMemory();
    const { engine, records, result } = await runScripted(
      { lanes: [lane({ topK: 12, temperature: 0.9 })], topCandidates: 5 },
      { memory },
    );
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    const tokens = [...prompt, ...result.branches[0]!.tokens];
    let surprisal = 0;
    for (const [i, record] of records.entries()) {
      const position = prompt.length + i;
      const logits = memory.get(tokens.slice(0, position))!;
      const raw = plainSoftmax(plainCandidates(logits));
      const order = [...raw.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
      expect(record.position).toBe(position);
      expect(record.u).toBe(uniform(42, position, 0));
      expect(record.rawLogprob).toBeCloseTo(Math.log(raw[record.token]!), 10);
      expect(record.rank).toBe(order.indexOf(record.token) + 1);
      expect(record.entropy).toBeCloseTo(-raw.reduce((sum, p) => sum + p * Math.log(p), 0), 10);
      surprisal -= record.rawLogprob;
      expect([...record.top!.tokens]).toEqual(order.slice(0, 5));
      expect(record.top!.rawLogprobs[0]).toBeCloseTo(Math.log(raw[order[0]!]!), 5);
      const kept = record.stages.at(-1)!.after;
      expect(record.kept).toBe(kept);
    }
    const [branch] = result.branches;
    expect(branch!.totalLogprob).toBeCloseTo(-surprisal, 9);
    expect(branch!.averageLogprob).toBeCloseTo(-surprisal / records.length, 10);
    expect(branch!.perplexity).toBeCloseTo(Math.exp(surprisal / records.length), 9);
    expect(branch!.text).toBe(records.map(({ piece }) => piece).join(''));
  });

  test('the neutral chain draws what a plain draw from the raw logits draws', async () => {
    const memory = new LogitMemory();
    const { engine, result } = await runScripted({ lanes: [lane(neutralParams())] }, { memory });
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    const tokens = [...prompt, ...result.branches[0]!.tokens];
    for (let i = prompt.length; i < tokens.length; i++) {
      const logits = memory.get(tokens.slice(0, i))!;
      expect(tokens[i]).toBe(plainDraw(plainCandidates(logits), uniform(42, i, 0)));
    }
  });

  test('greedy takes the first candidate that the chain keeps, whatever the seed', async () => {
    const params = { ...neutralParams(), repeatPenalty: 1.5 };
    const greedy = await runScripted({
      strategy: { kind: 'greedy' },
      lanes: [lane(params), lane({ ...params, seed: 9 })],
    });
    const cold = await runScripted({ lanes: [lane({ ...params, temperature: 0 })] });
    for (const branch of greedy.result.branches)
      expect(branch.tokens).toEqual(cold.result.branches[0]!.tokens);
    expect(greedy.records.every(({ u }) => u === null)).toBe(true);
  });
});

describe('a lane that continues', () => {
  test.each<[string, Partial<SamplingParams>]>([
    ['the default chain', {}],
    ['mirostat 2', { mirostat: 2 }],
    ['adaptive-p', { adaptiveTarget: 0.3 }],
  ])('%s: from half of a text it draws the same other half', async (_, change) => {
    const whole = await runScripted({ lanes: [lane(change)], stop: { maxTokens: 20, sequences: [] } });
    const tokens = whole.result.branches[0]!.tokens;
    expect(tokens).toHaveLength(20);
    const rest = await runScripted({
      lanes: [{ ...lane(change), prefix: tokens.slice(0, 9) }],
      stop: { maxTokens: 11, sequences: [] },
    });
    const branch = rest.result.branches[0]!;
    expect([branch.tokens, branch.prefix, branch.text]).toEqual([tokens, 9, whole.result.branches[0]!.text]);
    expect(rest.records).toEqual(whole.records.slice(9));
  });
});

test('temperatures 0, 0.4, 0.8 and 1.2 differ, and colder texts are more likely', async () => {
  const { result } = await runScripted({
    lanes: [0, 0.4, 0.8, 1.2].map((temperature) => lane({ ...neutralParams(), temperature })),
    stop: { maxTokens: 60, sequences: [], ignoreEndOfGeneration: true },
  });
  const perplexities = result.branches.map(({ perplexity }) => perplexity);
  expect(perplexities).toEqual([...perplexities].sort((a, b) => a - b));
});
