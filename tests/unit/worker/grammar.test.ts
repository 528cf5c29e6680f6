/** A grammar through the worker: lanes, views, later moves of knobs, tokens chosen by hand, and bad grammars. */
import { expect, test } from 'vitest';
import { matchPattern } from '../../../scripts/headless/match_pattern.ts';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { Grammar, SamplingParams } from '../../../src/sampling/params.ts';
import type { TextEvent, RunRequest, WorkerApi } from '../../../src/worker/api/worker_api.ts';
import { WorkerHost } from '../../../src/worker/host.ts';

const grammar: Grammar = { kind: 'regex', source: '(yes|no), [a-z]{2,9}( [a-z]+){0,2}\\.' };
const pattern = /^(yes|no), [a-z]{2,9}( [a-z]+){0,2}\.$/;
const free: SamplingParams = { ...defaultParams(), temperature: 1.5, topK: 0, topP: 1, minP: 0 };
const held: SamplingParams = { ...free, grammar };
const stop = { maxTokens: 400, sequences: [] };

async function loaded() {
  const engine = new ScriptedEngine();
  const host = new WorkerHost(() => Promise.resolve(engine), matchPattern).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  return { host, engine, prompt: engine.tokenizer.encode('Once upon a time', { addSpecial: true }) };
}

async function run(host: WorkerApi, request: RunRequest) {
  const events: TextEvent[] = [];
  const result = await host.run(request, (batch) => events.push(...batch));
  return { events, result, texts: result.branches.map(({ text }) => text) };
}

const lanesOf = (params: readonly SamplingParams[]): RunRequest['lanes'] =>
  params.map((each, lane) => ({ text: lane + 1, params: each, stream: 0 }));

test('each lane keeps to its own grammar, and a lane without one is free', async () => {
  const { host, prompt } = await loaded();
  const other: Grammar = {
    kind: 'json-schema',
    source: '{"type":"array","items":{"type":"boolean"},"maxItems":3}',
  };
  const params = [held, free, { ...held, grammar: other }, { ...held, off: ['grammar'] as const }, held];
  const request = { prompt, lanes: lanesOf(params), strategy: { kind: 'sample' }, stop } as const;
  const { texts } = await run(host, request);
  expect(texts[0]).toMatch(pattern);
  expect(texts[4]).toBe(texts[0]);
  expect(texts[1]).not.toMatch(pattern);
  expect(texts[3]).toBe(texts[1]);
  expect(JSON.parse(texts[2]!)).toBeInstanceOf(Array);
  // The lane gives the same text alone as in the batch.
  const alone = await run(host, { ...request, lanes: lanesOf([held]) });
  expect(alone.texts).toEqual([texts[0]]);
});

test('the mask is a stage of every step: its mass is reported, and the forbidden candidates are marked', async () => {
  const { host, engine, prompt } = await loaded();
  const { events, result } = await run(host, {
    prompt,
    lanes: lanesOf([held]),
    strategy: { kind: 'sample' },
    stop,
  });
  const { tokens } = result.branches[0]!;
  const records = events.flatMap((event) =>
    event.type === 'steps' ? event.steps.map(({ record }) => record) : [],
  );
  const rederived = (await host.rederive(1, held))!;
  expect(rederived.firstDivergence).toBeNull();
  for (const [output, record] of records.entries()) {
    const place = { text: 1, position: prompt.length + output };
    const view = (await host.inspect(place, held, { top: 30 }))!;
    const [stage] = view.stages!;
    expect(stage).toMatchObject({ stage: 'grammar', before: engine.model.vocabularySize });
    expect(stage!.massRemoved).toBe(record.stages[0]!.massRemoved);
    expect(rederived.masked[output]).toBe(stage!.massRemoved);
    // Compared with a plain sum of the raw distribution after the mask.
    const { logits } = await engine.session.prefill([...prompt, ...tokens.slice(0, output)]);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const all = (await host.inspect(place, held, { top: engine.model.vocabularySize }))!;
    const kept = all.rows.filter(({ removedBy }) => removedBy !== 'grammar');
    const mass = kept.reduce((sum, { token }) => sum + Math.exp(logits[token]!) / total, 0);
    expect(1 - stage!.massRemoved).toBeCloseTo(mass, 9);
    expect(kept.length).toBe(stage!.after);
    expect(all.rows.some(({ removedBy }) => removedBy === 'grammar')).toBe(true);
    expect(view.rows.some(({ removedBy }) => removedBy === null)).toBe(true);
    expect((await host.candidate(place, held, engine.tokenizer.encode('Q')[0]!))!.removedBy).toBe('grammar');
  }
});

test('moving a knob afterwards keeps the mask, and setting a grammar afterwards shows where the text leaves it', async () => {
  const { host, prompt } = await loaded();
  await run(host, { prompt, lanes: lanesOf([held, free]), strategy: { kind: 'sample' }, stop });
  const cold = (await host.rederive(1, { ...held, temperature: 0.01 }))!;
  for (const masked of cold.masked) expect(masked).toBeGreaterThan(0);
  const without = (await host.rederive(1, free))!;
  expect([...without.masked].every(Number.isNaN)).toBe(true);
  expect(without.firstDivergence).toBe(0);
  const late = (await host.rederive(2, held))!;
  expect(late.firstDivergence).toBe(0);
  expect(late.finalLogprob[0]).toBe(-Infinity);
  // From there on the text is outside the grammar, which forbids nothing.
  expect(late.masked[0]).toBeGreaterThan(0);
  expect(late.masked[1]).toBeNaN();
  const evidence = (await host.evidence(1, held, 5))!;
  expect(evidence.finalLogprob.includes(-Infinity)).toBe(true);
  const strip = (await host.temperatureStrip(
    { place: { text: 1, position: prompt.length }, params: held },
    [0, 1, 2],
  ))!;
  for (const { label } of strip.bands) expect('yesno'.includes(label.slice(0, 1))).toBe(true);
  const place = { text: 1, position: prompt.length };
  const { lanes } = await host.distributions(
    [
      { place, params: held },
      { place, params: free },
    ],
    8,
  );
  expect(lanes[0]!.removedBy).toContain('grammar');
  expect(lanes[1]!.removedBy).not.toContain('grammar');
});

test('a text continues under its grammar, and a token by hand may leave it', async () => {
  const { host, engine, prompt } = await loaded();
  const lanes = lanesOf([held]);
  const first = await run(host, {
    prompt,
    lanes,
    strategy: { kind: 'sample' },
    stop: { ...stop, maxTokens: 3 },
  });
  const on = { prompt: [], strategy: { kind: 'sample' }, stop } as const;
  const rest = await run(host, {
    ...on,
    from: { text: 1, outputs: 3 },
    lanes: [{ text: 2, params: held, stream: 0 }],
  });
  expect(rest.texts[0]).toMatch(pattern);
  expect(rest.texts[0]!.startsWith(first.texts[0]!)).toBe(true);
  const token = engine.tokenizer.encode('Q')[0]!;
  const byHand = await run(host, {
    ...on,
    from: { text: 1, outputs: 2, token },
    lanes: [{ text: 3, params: held, stream: 0 }],
    stop: { ...stop, maxTokens: 5 },
  });
  expect(byHand.result.error).toBeNull();
  const [forced] = byHand.events.flatMap((event) => (event.type === 'steps' ? event.steps : []));
  expect(forced!.record.finalLogprob).toBe(-Infinity);
  expect(forced!.record.stages[0]!.stage).toBe('grammar');
});

test('samples and beams keep to it as well', async () => {
  const { host, prompt } = await loaded();
  for (const strategy of [
    { kind: 'best-of-n', n: 5, score: { kind: 'average-logprob' } },
    { kind: 'majority-vote', n: 5, extractor: { kind: 'whole-text' } },
    { kind: 'first-valid', n: 3, verifier: { kind: 'regex', pattern: '^(yes|no)' } },
    { kind: 'beam', width: 3, lengthPenalty: 1 },
  ] as const) {
    const { result } = await run(host, { prompt, lanes: lanesOf([held]), branches: 100, strategy, stop });
    const ended = result.branches.filter(({ reason }) => reason === 'end-of-generation');
    expect(ended.length).toBeGreaterThan(0);
    for (const { text } of ended) expect(text).toMatch(pattern);
  }
});

test('an engine that gives only its most likely tokens refuses a grammar', async () => {
  const engine = new ScriptedEngine();
  Object.assign(engine, { capabilities: { ...engine.capabilities, logits: 'top-n', maxLogprobs: 5 } });
  const host = new WorkerHost(() => Promise.resolve(engine), matchPattern).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  expect((await host.grammarProblem(grammar))?.message).toMatch(/only its likeliest tokens/);
});

test('a bad grammar is reported before anything runs, and the texts stay', async () => {
  const { host, prompt } = await loaded();
  await run(host, {
    prompt,
    lanes: lanesOf([free]),
    strategy: { kind: 'sample' },
    stop: { ...stop, maxTokens: 4 },
  });
  const bad: Grammar = { kind: 'ebnf', source: 'root ::= (' };
  const lanes = [{ text: 1, params: { ...free, grammar: bad }, stream: 0 }];
  await expect(run(host, { prompt, lanes, strategy: { kind: 'sample' }, stop })).rejects.toThrow(
    /cannot be read/,
  );
  expect(await host.grammarProblem(bad)).toMatchObject({ line: 1 });
  expect(await host.grammarProblem(grammar)).toBeNull();
  const again = (await host.rederive(1, free))!;
  expect(again.tokens.length).toBe(4);
  expect(again.firstDivergence).toBeNull();
  // A half-typed grammar does not affect the view.
  expect((await host.rederive(1, { ...free, grammar: bad }))!.firstDivergence).toBeNull();
});
