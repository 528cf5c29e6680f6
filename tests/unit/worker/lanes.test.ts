/** Several lanes in the worker: one stream of events, texts for branches, distributions over one list of tokens. */
import { expect, test } from 'vitest';
import { ScriptedEngine } from '../../../src/engines/scripted/engine.ts';
import { defaultParams, neutralParams } from '../../../src/sampling/parameter_table.ts';
import type { TextEvent, RunRequest, WorkerApi } from '../../../src/worker/api/worker_api.ts';
import { WorkerHost } from '../../../src/worker/host.ts';

async function loaded(): Promise<{ host: WorkerApi; engine: ScriptedEngine; prompt: number[] }> {
  const engine = new ScriptedEngine();
  const host = new WorkerHost(() => Promise.resolve(engine)).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  return { host, engine, prompt: engine.tokenizer.encode('Once upon a time', { addSpecial: true }) };
}

async function run(host: WorkerApi, request: RunRequest) {
  const events: TextEvent[] = [];
  const result = await host.run(request, (batch) => events.push(...batch));
  return { events, result };
}

const stop = { maxTokens: 12, sequences: [] };
const temperatures = [0, 0.4, 0.8, 1.2];

test('distributions of lanes are softmaxes of the raw logits in f64 over one list of tokens, and equal contexts are reported', async () => {
  const { host, engine, prompt } = await loaded();
  const params = temperatures.map((temperature) => ({ ...neutralParams(), temperature }));
  const lanes = params.map((each, lane) => ({ text: lane + 1, params: each, stream: 0 }));
  await run(host, { prompt, lanes, strategy: { kind: 'sample' }, stop });
  const place = (lane: number) => ({
    place: { text: lane + 1, position: prompt.length },
    params: params[lane]!,
  });
  const { tokens, lanes: views } = await host.distributions([0, 1, 2, 3].map(place), 10);

  const { logits } = await engine.session.prefill(prompt);
  const softmax = (t: number): number[] => {
    const heated = Array.from(logits, (logit) => logit / t);
    const most = Math.max(...heated);
    const total = heated.reduce((sum, logit) => sum + Math.exp(logit - most), 0);
    return heated.map((logit) => Math.exp(logit - most) / total);
  };
  expect(views.map((view) => view!.context)).toEqual([0, 0, 0, 0]);
  for (const [lane, view] of views.entries()) {
    const raw = softmax(1);
    tokens.forEach((token, i) => expect(view!.raw[i]).toBeCloseTo(raw[token]!, 10));
    const t = temperatures[lane]!;
    const best = raw.indexOf(Math.max(...raw));
    const expected = t === 0 ? raw.map((_, id) => (id === best ? 1 : 0)) : softmax(t);
    tokens.forEach((token, i) => expect(view!.final[i]).toBeCloseTo(expected[token]!, 10));
    const listed = tokens.reduce((sum, _, i) => sum + view!.final[i]!, 0);
    expect(listed + view!.rest).toBeCloseTo(1, 10);
    expect(tokens).toContain(view!.chosen);
  }
});

test('a temperature strip runs the lane’s own chain at each temperature', async () => {
  const { host, prompt } = await loaded();
  const params = defaultParams();
  await run(host, { prompt, lanes: [{ text: 1, params, stream: 0 }], strategy: { kind: 'sample' }, stop });
  const place = { text: 1, position: prompt.length + 2 };
  const ts = [0, 0.5, 1, 2];
  const strip = (await host.temperatureStrip({ place, params }, ts))!;
  for (const [i, temperature] of ts.entries()) {
    const view = (await host.inspect(place, { ...params, temperature }, { top: 60 }))!;
    for (const { token, probability } of strip.bands) {
      expect(probability[i]).toBeCloseTo(view.rows.find((row) => row.token === token)?.final ?? 0, 12);
    }
  }
  expect(strip.bands.some(({ token }) => token === strip.chosen)).toBe(true);
});

test('samples and beams become texts with the reserved ids and their parents', async () => {
  const { host, prompt } = await loaded();
  const lanes = [{ text: 1, params: defaultParams(), stream: 0 }];
  for (const strategy of [
    { kind: 'best-of-n', n: 5, score: { kind: 'average-logprob' } },
    { kind: 'beam', width: 3, lengthPenalty: 1 },
  ] as const) {
    const { events, result } = await run(host, { prompt, lanes, branches: 100, strategy, stop });
    const begun = events.flatMap((event) => (event.type === 'branch' ? [event] : []));
    expect(begun.map(({ text }) => text)).toEqual(result.branches.map(({ branch }) => 100 + branch));
    const texts = new Map<number, number[]>();
    for (const event of events) {
      if (event.type === 'branch') {
        const before = event.parent === null ? [] : texts.get(event.parent)!.slice(0, event.shared);
        texts.set(event.text, before);
      } else if (event.type === 'steps') {
        texts.get(event.text)!.push(...event.steps.map(({ record }) => record.token));
      }
    }
    for (const { branch, tokens } of result.branches) expect(texts.get(100 + branch)).toEqual(tokens);
    if (strategy.kind === 'beam') expect(begun.some(({ parent }) => parent !== null)).toBe(true);
    // The worker holds each text whole, so its last token can be inspected.
    const last = result.branches.at(-1)!;
    const position = prompt.length + last.tokens.length - 1;
    const view = await host.inspect({ text: 100 + last.branch, position }, defaultParams(), { top: 5 });
    expect(view!.chosen).toBe(last.tokens.at(-1));
  }
});

test('lanes share the prompt’s pages, and report their use', async () => {
  const { host } = await loaded();
  const prompt = new Array<number>(400).fill(300);
  const lanes = temperatures.map((temperature, lane) => ({
    text: lane,
    params: { ...defaultParams(), temperature },
    stream: 0,
  }));
  const { events } = await run(host, { prompt, lanes, strategy: { kind: 'sample' }, stop });
  const used = events.flatMap((event) => (event.type === 'usage' ? [event.usage.pagesUsed] : []));
  // 400 tokens are 25 pages of 16; each lane's output has a page of its own.
  expect(Math.max(...used)).toBe(25 + 4);
});
