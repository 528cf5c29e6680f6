import { describe, expect, test } from 'vitest';
import type { StepRecord } from '../../../src/decoding/events.ts';
import { LogitMemory } from '../../../src/decoding/logit_memory.ts';
import { scoreContinuation } from '../../../src/decoding/prompt_scores.ts';
import { Rederiver, type RederiveSpec } from '../../../src/decoding/rederive.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { SamplingParams } from '../../../src/sampling/params.ts';
import { tokenFate } from '../../../src/sampling/trace_view.ts';
import { plainCandidates, plainSoftmax } from '../../reference/plain_samplers.ts';
import { lane, runScripted } from './run_scripted.ts';

/** A text, its logits, and what re-deriving it needs. */
async function past(change: Partial<SamplingParams> = {}, maxTokens = 40) {
  const memory = new LogitMemory();
  const stop = { maxTokens, sequences: [], ignoreEndOfGeneration: true };
  const run = await runScripted({ lanes: [lane(change)], stop }, { memory });
  const prompt = run.engine.tokenizer.encode('Once upon a time', { addSpecial: true });
  const { tokens } = run.result.branches[0]!;
  const rows = memory.along([...prompt, ...tokens], prompt.length - 1);
  const rederiver = new Rederiver(run.engine.tokenizer, run.engine.model.vocabularySize);
  const spec = (other: Partial<SamplingParams>): RederiveSpec => ({
    prompt,
    tokens,
    params: { ...defaultParams(), ...other },
  });
  return { ...run, memory, prompt, tokens, rows, rederiver, spec };
}

const CHAINS: [string, Partial<SamplingParams>][] = [
  ['the default chain', {}],
  ['XTC and DRY', { xtcProbability: 0.5, dryMultiplier: 1, dryAllowedLength: 1 }],
  ['mirostat 1', { mirostat: 1 }],
  ['mirostat 2', { mirostat: 2 }],
  ['adaptive-p', { adaptiveTarget: 0.3 }],
];

/** A record without what belongs to its branch alone. */
function numbersOf({
  branch: _b,
  piece: _p,
  visible: _v,
  perplexity: _x,
  surprisal: _s,
  ...rest
}: StepRecord) {
  return rest;
}

describe('re-deriving', () => {
  test.each(CHAINS)('%s under its own parameters is itself, number for number', async (_, change) => {
    const { rederiver, spec, rows, records } = await past(change);
    const { steps, firstDivergence, missing } = rederiver.rederive(spec(change), rows);
    expect([firstDivergence, missing]).toEqual([null, 0]);
    for (const [i, record] of records.entries()) {
      expect(steps[i]).toEqual({ ...numbersOf(record), drawn: record.token });
    }
  });

  test.each(CHAINS)('under other parameters it parts where a run with them would have', async (_, change) => {
    const { rederiver, spec, rows, tokens } = await past();
    const other = { ...change, temperature: 1.4, topK: 0, topP: 1, minP: 0 };
    const again = await runScripted({
      lanes: [lane(other)],
      stop: { maxTokens: 40, sequences: [], ignoreEndOfGeneration: true },
    });
    const rerun = again.result.branches[0]!.tokens;
    const parting = tokens.findIndex((token, i) => token !== rerun[i]);
    const { firstDivergence, steps } = rederiver.rederive(spec(other), rows);
    expect(parting).toBeGreaterThanOrEqual(0);
    expect(firstDivergence).toBe(parting);
    expect(steps[parting]!.drawn).toBe(rerun[parting]);
  });

  test('the trace of one past step is that of the walk, with or without a past', async () => {
    for (const [, change] of CHAINS) {
      const { rederiver, spec, rows } = await past();
      const whole = rederiver.rederive(spec(change), rows);
      const trace = rederiver.trace(spec(change), rows, 17)!;
      expect(trace.token).toBe(whole.steps[17]!.drawn);
      expect(trace.kept).toBe(whole.steps[17]!.kept);
      expect(tokenFate(trace, whole.steps[17]!.token).finalLogprob).toBe(whole.steps[17]!.finalLogprob);
    }
  });

  test('the next token, which is not there yet', async () => {
    const { rederiver, spec, rows, tokens, prompt, engine, memory } = await past({}, 10);
    const after = await memory.obtain(engine.session, [...prompt, ...tokens], prompt.length - 1, 'replay');
    const trace = rederiver.trace(spec({}), after, tokens.length)!;
    const longer = await past({}, 11);
    expect(trace.token).toBe(longer.tokens[10]);
    expect(rederiver.trace(spec({}), rows, tokens.length)).toBeNull();
  });

  test('greedy, missing logits, bad parameters', async () => {
    const { rederiver, spec, rows } = await past({ temperature: 0 });
    expect(rederiver.rederive({ ...spec({}), pick: 'best' }, rows).firstDivergence).toBeNull();
    const holes = rows.map((row, i) => (i % 3 === 0 ? null : row));
    const { steps, missing } = rederiver.rederive(spec({}), holes);
    expect(missing).toBe(14);
    expect(steps[0]).toBeNull();
    expect(steps[1]).not.toBeNull();
    expect(() => rederiver.rederive(spec({ topP: 7 }), rows)).toThrow(/Top-p is 7/);
  });

  test('a grammar’s mask takes part', async () => {
    const { rederiver, spec, rows, tokens } = await past();
    const words = Math.ceil(rederiver.vocabularySize / 32);
    const allButFirst = new Int32Array(words).fill(-1);
    allButFirst[tokens[5]! >>> 5]! &= ~(1 << (tokens[5]! & 31));
    const { steps } = rederiver.rederive(spec({}), rows, (index) => (index === 5 ? allButFirst : null));
    expect(steps[5]!.finalLogprob).toBe(-Infinity);
    expect(steps[5]!.drawn).not.toBe(tokens[5]);
    expect(steps[5]!.stages[0]!.stage).toBe('grammar');
    expect(steps[4]!.drawn).toBe(tokens[4]);
  });
});

describe('the memory of logits', () => {
  const row = (value: number) => new Float32Array(100).fill(value);

  test('keeps within its budget, forgets what was unused longest', () => {
    const memory = new LogitMemory(1000);
    memory.put([1], row(1));
    memory.put([1, 2], row(2));
    expect(memory.get([1])![0]).toBe(1);
    memory.put([1, 3], row(3));
    expect([memory.bytes, memory.rows]).toEqual([800, 2]);
    expect(memory.along([1, 2]).map((kept) => kept?.[0] ?? null)).toEqual([1, null]);
    expect(memory.get([1, 3])![0]).toBe(3);
    expect(memory.get([9])).toBeNull();
    expect(memory.get([])).toBeNull();
    memory.clear();
    expect([memory.bytes, memory.get([1])]).toEqual([0, null]);
  });

  test('a row larger than the budget is kept alone; one put twice counts once', () => {
    const memory = new LogitMemory(10);
    memory.put([1], row(1));
    memory.put([2], row(2));
    memory.put([2], row(5));
    expect([memory.rows, memory.bytes, memory.get([2])![0]]).toEqual([1, 400, 5]);
  });

  test('lanes that agree share their rows', async () => {
    const memory = new LogitMemory();
    await runScripted(
      { lanes: [lane(), lane(), lane()], stop: { maxTokens: 10, sequences: [] } },
      { memory },
    );
    // After the prompt and after each of the first nine tokens.
    expect(memory.rows).toBe(10);
  });

  test.each(['prefill', 'replay'] as const)('what was forgotten is computed again by %s', async (how) => {
    const engine = new ScriptedEngine();
    const full = new LogitMemory();
    const run = await runScripted({}, { memory: full, engine });
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    const tokens = [...prompt, ...run.result.branches[0]!.tokens.slice(0, -1)];
    const small = new LogitMemory(5 * engine.model.vocabularySize * 4);
    await runScripted({}, { memory: small, engine });
    expect(small.along(tokens, prompt.length - 1).filter((kept) => kept === null)).toHaveLength(19);
    const rows = await small.obtain(engine.session, tokens, prompt.length - 1, how);
    expect(rows).toEqual(full.along(tokens, prompt.length - 1));
    expect(small.rows).toBe(5);
    expect(engine.session.usage.pagesUsed).toBe(0);
  });
});

describe('scores of given tokens', () => {
  test('every prompt token: logprob, rank, entropy, running perplexity', async () => {
    const memory = new LogitMemory();
    const { events, engine } = await runScripted({ scorePrompt: true }, { memory });
    const records = events.flatMap((event) => (event.type === 'prompt' ? event.records : []));
    const prompt = engine.tokenizer.encode('Once upon a time', { addSpecial: true });
    expect(records.map(({ token }) => token)).toEqual(prompt);
    expect(records[0]).toMatchObject({ rawLogprob: null, rank: null, perplexity: null });
    let surprisal = 0;
    for (let i = 1; i < prompt.length; i++) {
      const logits = memory.get(prompt.slice(0, i))!;
      const p = plainSoftmax(plainCandidates(logits));
      surprisal -= Math.log(p[prompt[i]!]!);
      expect(records[i]!.rawLogprob).toBeCloseTo(Math.log(p[prompt[i]!]!), 10);
      expect(records[i]!.rank).toBe(p.filter((other) => other > p[prompt[i]!]!).length + 1);
      expect(records[i]!.perplexity).toBeCloseTo(Math.exp(surprisal / i), 8);
    }
  });

  test('a named text anywhere, likely or not', async () => {
    const engine = new ScriptedEngine();
    const context = engine.tokenizer.encode('The little cat', { addSpecial: true });
    const text = engine.tokenizer.encode(' saw an été');
    const { records, totalLogprob, perplexity } = await scoreContinuation(engine, context, text);
    expect(records.map(({ token, position }) => [token, position])).toEqual(
      text.map((token, i) => [token, context.length + i]),
    );
    const sum = records.reduce((total, { rawLogprob }) => total + rawLogprob!, 0);
    expect(totalLogprob).toBeCloseTo(sum, 12);
    expect(perplexity).toBeCloseTo(Math.exp(-sum / text.length), 9);
    const { logits } = await engine.session.prefill([...context, ...text.slice(0, 3)]);
    const p = plainSoftmax(plainCandidates(logits));
    expect(records[3]!.rawLogprob).toBeCloseTo(Math.log(p[text[3]!]!), 10);
    expect(records[3]!.rank).toBeGreaterThan(40);
  });
});
