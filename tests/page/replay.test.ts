import * as v from 'valibot';
import { beforeEach, expect, test } from 'vitest';
import { exportRun } from '../../src/playground/exchange/exchange_actions.ts';
import { openScripted, stop } from '../../src/playground/engine_actions.ts';
import { recordedLink } from '../../src/playground/link/share.ts';
import { openLink } from '../../src/playground/link/open_link.ts';
import { tokenAt } from '../../src/playground/texts/text.ts';
import { readFragment, writeFragment } from '../../src/playground/link/fragment.ts';
import { opened, type Replay } from '../../src/playground/record/opened.svelte.ts';
import { packRecord, unpackRecord } from '../../src/playground/record/unpack.ts';
import { replay } from '../../src/playground/record/replay.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { documentSchema } from '../../src/playground/record/document.ts';
import { openRecord } from '../../src/playground/record/open_record.ts';
import { makeRecord } from '../../src/playground/record/make_record.ts';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import { launchEnded } from '../../src/playground/texts/launch.ts';
import { page, sleep, until } from './page.ts';

beforeEach(async () => {
  page.reset();
  playground.clearTexts();
  playground.notices = [];
  playground.takeSettings(defaultSettings());
  compare.clear();
  opened.set(null);
  if (playground.engine.phase !== 'ready') await openScripted();
});

async function linked(): Promise<string> {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  const { url } = await recordedLink({ texts: [playground.text!], comparison: null });
  return new URL(url).hash;
}

async function replayed(fragment: string): Promise<Replay> {
  await openLink(readFragment(fragment)!);
  await replay();
  return opened.current!.replay;
}

test.each([
  ['prompt=Once+upon+a+time', 'prompt=Once+upon+a+day', 'the prompt in the settings'],
  ['seed=42', 'seed=7', 'seed (recorded 42) in the settings'],
  ['t=0.8', 't=1.3', 't (recorded 0.8) in the settings'],
  ['max_tokens=12', 'max_tokens=13', 'what was changed since it was sent in the settings'],
])(
  'does not call a link reproduced whose %s was changed to %s, and names the setting',
  async (was, is, what) => {
    const fragment = await linked();
    expect(fragment).toContain(was);
    const said = await replayed(fragment.replace(was, is));
    expect(said).toMatchObject({ phase: 'differs', difference: null });
    expect('verdict' in said && said.verdict.wrong).toContain(what);
  },
);

test('names forged words and figures, corrects them on the page, and finds them again in a second replay', async () => {
  const link = readFragment(await linked())!;
  const { record } = await unpackRecord(link.packed!);
  const [text] = record.lines;
  const at = text!.promptLength + 2;
  const tokens = text!.tokens.map((token, position) =>
    position === at ? { ...token, label: ' cruel', text: ' cruel', rawLogprob: -0.001, top: [] } : token,
  );
  const packed = await packRecord({ ...record, lines: [{ ...text!, tokens }] }, 5, link.settings);
  const said = await replayed(`#${writeFragment(link.settings, packed)}`);
  expect(said).toMatchObject({ phase: 'differs', difference: null });
  const wrong = 'verdict' in said ? said.verdict.wrong.join() : '';
  expect(wrong).toMatch(/the word of token 3 of text \d+ \(“ cruel” for/);
  expect('verdict' in said && said.verdict.maxDelta).toBeGreaterThan(0.1);
  expect(tokenAt(playground.text!, at)!.label).toBe(text!.tokens[at]!.label);
  expect(tokenAt(playground.text!, at)!.rawLogprob).toBeCloseTo(text!.tokens[at]!.rawLogprob!, 3);
  await replay();
  expect(opened.current!.replay.phase).toBe('differs');
});

test('a link to a text that is opened during a run leaves the streaming text alone', async () => {
  const fragment = await linked();
  changeSettings({ maxTokens: 40 });
  const running = run();
  await openLink(readFragment(fragment)!);
  expect(playground.notices.at(-1)!.text).toContain('A run is in progress');
  await running;
  expect(playground.text!.reason).not.toBeNull();
  expect(playground.text!.length - playground.text!.promptLength).toBeGreaterThan(0);
});

test('reproduces a text from a link, and counts the tokens drawn', async () => {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  const link = await recordedLink({ texts: [playground.text!], comparison: null });
  await openLink(readFragment(new URL(link.url).hash)!);
  await replay();
  expect(opened.current?.replay).toMatchObject({ phase: 'reproduced', drawn: 12 });
});

test.each(['lanes', 'best-of-n', 'majority-vote', 'first-valid', 'beam'] as const)(
  'reproduces a comparison of the method %s',
  async (kind) => {
    const settings = defaultSettings();
    changeSettings({
      maxTokens: 10,
      lanes: [{ temperature: 0.2 }, { temperature: 1.3 }],
      method: { ...settings.method, kind, samples: 3, width: 3 },
    });
    await runComparison();
    const link = await recordedLink({
      texts: compare.comparison!.texts,
      comparison: compare.comparison,
    });
    await openLink(readFragment(new URL(link.url).hash)!);
    await replay();
    expect(opened.current?.replay).toMatchObject({ phase: 'reproduced' });
  },
);

test('a link has the settings that drew its text, although the knobs and the prompt have changed since', async () => {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  const { params } = playground.settings;
  changeSettings({
    params: { ...params, temperature: 1.9, seed: 5 },
    prompt: 'The cat',
    maxTokens: 3,
    stop: ['a'],
  });
  const link = await recordedLink({ texts: [playground.text!], comparison: null });
  const sent = readFragment(new URL(link.url).hash)!;
  expect(sent.settings).toMatchObject({ params, prompt: 'Once upon a time', maxTokens: 12, stop: [] });
  const file = JSON.parse(
    await (await exportRun('json', { texts: [playground.text!], comparison: null })).text(),
  ) as {
    settings: unknown;
  };
  expect(file.settings).toMatchObject({ prompt: 'Once upon a time', maxTokens: 12 });
  await openLink(sent);
  await replay();
  expect(opened.current?.replay).toMatchObject({ phase: 'reproduced', drawn: 12 });
});

test('a text from a link is shared again with the settings of that link', async () => {
  await openLink(readFragment(await linked())!);
  changeSettings({ prompt: 'The cat', maxTokens: 3 });
  opened.set(null);
  const link = await recordedLink({ texts: [playground.text!], comparison: null });
  const said = await replayed(new URL(link.url).hash);
  expect(said).toMatchObject({ phase: 'reproduced', drawn: 12 });
});

test('a file of a text from a link has the candidates of the link, and no unlikely token among them', async () => {
  changeSettings({
    params: { ...defaultSettings().params, ...{ temperature: 3, topK: 0, topP: 1, minP: 0 } },
  });
  const sent = readFragment(await linked())!;
  const { record } = await unpackRecord(sent.packed!);
  const tokens = record.lines.flatMap((text) => text.tokens.slice(text.promptLength));
  expect(tokens.some(({ id, top }) => top.length > 0 && top.every((one) => one.id !== id))).toBe(true);
  await openLink(sent);
  const saved = await exportRun('json', { texts: [playground.text!], comparison: null });
  const file = v.parse(documentSchema, JSON.parse(await saved.text()));
  expect(file.lines.map((text) => text.tokens.map(({ top }) => top))).toEqual(
    record.lines.map((text) => text.tokens.map(({ top }) => top)),
  );
  openRecord(file, { origin: 'file', settings: file.settings, take: true, replace: true, reveal: true });
  await replay();
  expect(opened.current!.replay).toMatchObject({ phase: 'reproduced', drawn: 12 });
});

test('a record names the model that wrote its text, even if another one is loaded', async () => {
  changeSettings({ maxTokens: 6 });
  await run();
  const { model } = playground.text!;
  const subject = { texts: [playground.text!], comparison: null };
  const numerics = (await makeRecord(subject, 3)).engine.numerics;
  expect(numerics).toBeDefined();
  page.open = () => Promise.resolve(named(new ScriptedEngine(), 'Another model'));
  await openScripted();
  const record = await makeRecord(subject, 3);
  expect(record.model).toMatchObject(model!);
  expect(record.engine).toEqual({ kind: 'unknown', adapter: '' });
  await run();
  expect((await makeRecord({ texts: [playground.text!], comparison: null }, 3)).model.name).toBe(
    'Another model',
  );
  page.reset();
  await openScripted();
});

function named(engine: ScriptedEngine, name: string): ScriptedEngine {
  Object.assign(engine.model, { name });
  return engine;
}

test('a load during a replay waits for it, and the page is idle only after the replay has ended', async () => {
  await openLink(readFragment(await linked())!);
  let answered = false;
  page.after = (name) => (name === 'replay' ? sleep(60).then(() => (answered = true)) : undefined);
  const replaying = replay();
  await until(() => page.calls.at(-1) === 'replay');
  const loading = openScripted();
  await launchEnded();
  expect(answered).toBe(true);
  expect(playground.engine.phase).toBe('loading');
  await Promise.all([replaying, loading]);
  expect(playground.run.phase).toBe('idle');
  expect(playground.engine.phase).toBe('ready');
  expect(opened.current!.replay.phase).toBe('not-yet');
});

test.each(['tokenise', 'adopt', 'replay'])(
  'Stop while %s is unanswered ends a replay without a verdict',
  async (asked) => {
    await openLink(readFragment(await linked())!);
    page.calls.length = 0;
    page.after = (name) => (name === asked ? sleep(30) : undefined);
    const replaying = replay();
    await until(() => page.calls.at(-1) === asked);
    stop();
    await replaying;
    expect(opened.current!.replay.phase).toBe('not-yet');
    expect(playground.notices).toEqual([]);
    expect(playground.run.phase).toBe('idle');
  },
);
