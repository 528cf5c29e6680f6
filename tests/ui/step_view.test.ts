import { expect, test } from 'vitest';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import { PARAMS_PRESETS } from '../../src/sampling/presets.ts';
import type { TextEvent, TextStep } from '../../src/worker/api/worker_api.ts';
import { ServerVocabulary } from '../../src/engines/openai/vocabulary.ts';
import { curveTitle } from '../../src/ui/charts/rank_curve.ts';
import { WorkerHost } from '../../src/worker/host.ts';
import { ServerSteps } from '../../src/worker/server/server_steps.ts';

const LINE = 7;

/** A worker with a finished text, as the page would have it. */
async function finishedLine(maxTokens = 30) {
  const host = new WorkerHost(() => Promise.resolve(new ScriptedEngine())).to(0);
  await host.load({ kind: 'scripted' }, () => undefined);
  const params = { ...defaultParams(), seed: 3 };
  const prompt = await host.tokenise({ kind: 'text', text: 'Once upon a time' });
  const steps: TextStep[] = [];
  const result = await host.run(
    {
      prompt: prompt.tokens.map(({ token }) => token),
      lanes: [{ text: LINE, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens, sequences: [] },
    },
    (events: readonly TextEvent[]) => {
      for (const event of events) if (event.type === 'steps') steps.push(...event.steps);
    },
  );
  expect(result.error).toBeNull();
  return { host, params, prompt, steps };
}

test('a view covers the whole distribution: its rows and the rest sum to one, before and after the chain', async () => {
  const { host, params, prompt, steps } = await finishedLine();
  for (const [index, { record }] of steps.entries()) {
    const place = { text: LINE, position: prompt.tokens.length + index };
    const view = (await host.inspect(place, params, { top: 10 }))!;
    const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
    expect(sum(view.rows.map((row) => row.raw)) + view.rest.raw).toBeCloseTo(1, 9);
    expect(sum(view.rows.map((row) => row.final)) + view.rest.final).toBeCloseTo(1, 9);
    expect(view.rows.length + view.rest.count).toBe(view.curve.vocabularySize);
    expect(view.chosen).toBe(record.token);
    const chosen = view.rows.find((row) => row.token === record.token)!;
    expect(chosen.rawLogprob).toBeCloseTo(record.rawLogprob, 9);
    expect(Math.log(chosen.final)).toBeCloseTo(record.finalLogprob, 9);
    expect(chosen.rank).toBe(record.rank);
    expect(view.u).toBe(record.u);
    expect(view.kept).toBe(record.kept);
    const ranks = view.rows.map((row) => row.rank);
    expect(ranks.slice(0, 10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  }
});

test('the waterfall goes from all to the kept, and each cut stands at the last rank that its stage kept', async () => {
  const { host, params, prompt } = await finishedLine();
  const view = (await host.inspect({ text: LINE, position: prompt.tokens.length + 4 }, params, { top: 60 }))!;
  let before = view.curve.vocabularySize;
  for (const stage of view.stages!) {
    expect(stage.before).toBe(before);
    before = stage.after;
  }
  expect(before).toBe(view.kept);
  const topK = view.cuts.find(({ stage }) => stage === 'top_k')!;
  expect(topK.rank).toBe(params.topK);
  const lowestKept = Math.max(...view.rows.filter((row) => row.removedBy === null).map((row) => row.rank));
  expect(Math.min(...view.cuts.map(({ rank }) => rank))).toBe(lowestKept);
});

test('the same parameters re-derive the same text; others report the first divergence and draw that token there', async () => {
  const { host, params, prompt, steps } = await finishedLine();
  const same = (await host.rederive(LINE, params))!;
  expect(same.firstDivergence).toBeNull();
  expect([...same.tokens]).toEqual(steps.map(({ record }) => record.token));
  steps.forEach(({ record }, index) => expect(same.finalLogprob[index]).toBeCloseTo(record.finalLogprob, 9));
  const hot = { ...params, temperature: 1.6 };
  const other = (await host.rederive(LINE, hot))!;
  const at = other.firstDivergence!;
  expect(at).toBeGreaterThanOrEqual(0);
  const again: TextStep[] = [];
  await host.run(
    {
      prompt: prompt.tokens.map(({ token }) => token),
      lanes: [{ text: 8, params: hot, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: at + 1, sequences: [] },
    },
    (events) => {
      for (const event of events) if (event.type === 'steps') again.push(...event.steps);
    },
  );
  expect(again.map(({ record }) => record.token)).toEqual([...other.tokens.slice(0, at + 1)]);
});

test('a branch has its parent’s beginning and the token chosen by hand, which was not drawn', async () => {
  const { host, params, prompt, steps } = await finishedLine();
  const at = 5;
  const view = (await host.inspect({ text: LINE, position: prompt.tokens.length + at }, params, {
    top: 20,
  }))!;
  const other = view.rows.find((row) => row.token !== view.chosen && row.removedBy === null)!;
  const branch: TextStep[] = [];
  await host.run(
    {
      prompt: [],
      from: { text: LINE, outputs: at, token: other.token },
      lanes: [{ text: 9, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: 4, sequences: [] },
    },
    (events) => {
      for (const event of events) if (event.type === 'steps') branch.push(...event.steps);
    },
  );
  expect(branch[0]!.record).toMatchObject({ token: other.token, u: null, rank: other.rank });
  expect(branch[0]!.record.finalLogprob).toBeCloseTo(Math.log(other.final), 9);
  const again = (await host.rederive(9, params))!;
  expect([...again.tokens.slice(0, at)]).toEqual(steps.slice(0, at).map(({ record }) => record.token));
  expect(again.firstDivergence).toBeNull();
});

test('a curve is titled whole if it is, and by its length if only the likeliest tokens are known', async () => {
  const { host, params, prompt } = await finishedLine();
  const view = (await host.inspect({ text: LINE, position: prompt.tokens.length }, params, { top: 10 }))!;
  expect(curveTitle(view)).toBe('Whole vocabulary');
  const told = new ServerSteps();
  const text = { tokens: [0, 1], promptLength: 1, stream: 0, byHand: new Set<number>() };
  const token = (text: string, p: number) => ({ id: null, text, bytes: null, logprob: Math.log(p) });
  told.put(text, 1, { ...token('a', 0.5), top: [token('a', 0.5), token('b', 0.3), token('c', 0.1)] });
  expect(curveTitle(told.view(text, 1, new ServerVocabulary(), 10)!)).toBe('The 3 likeliest');
  // A recorded step also knows only some tokens.
  const { curve, rest } = view;
  const cut = { rest, curve: { ...curve, ranks: curve.ranks.slice(0, 8) } };
  expect(curveTitle(cut)).toBe('The 8 likeliest');
});

test('under the neutral and OpenAI presets the stages are known, and none is listed', async () => {
  const { host, prompt } = await finishedLine(3);
  const neutral = PARAMS_PRESETS.filter(({ id }) => id === 'neutral' || id === 'openai');
  expect(neutral).toHaveLength(2);
  for (const { params } of neutral) {
    const view = (await host.inspect({ text: LINE, position: prompt.tokens.length }, params, { top: 5 }))!;
    expect(view.stages).toEqual([]);
  }
});
