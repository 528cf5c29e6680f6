import { beforeEach, expect, test } from 'vitest';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { recordedLink } from '../../src/playground/link/share.ts';
import { openLink } from '../../src/playground/link/open_link.ts';
import { tokenAt } from '../../src/playground/line.ts';
import { readFragment, writeFragment } from '../../src/playground/link/fragment.ts';
import { opened, type Replay } from '../../src/playground/record/opened.svelte.ts';
import { packRecord, unpackRecord } from '../../src/playground/record/unpack.ts';
import { replay } from '../../src/playground/record/replay.ts';
import { run } from '../../src/playground/run_actions.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { defaultSettings } from '../../src/playground/settings.ts';
import { changeSettings } from '../../src/playground/settings_actions.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { page } from './page.ts';

beforeEach(async () => {
  page.reset();
  playground.change({ lines: [], current: null, notices: [], recorded: [], settings: defaultSettings() });
  compare.change({ comparison: null });
  opened.set(null);
  if (playground.engine.phase !== 'ready') await openScripted();
});

async function linked(): Promise<string> {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  const { url } = await recordedLink(playground.settings, { lines: [playground.line!], comparison: null });
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
  'a link whose %s was made %s by hand is not reproduced, and the setting is named',
  async (was, is, what) => {
    const fragment = await linked();
    expect(fragment).toContain(was);
    const said = await replayed(fragment.replace(was, is));
    expect(said).toMatchObject({ phase: 'differs', difference: null });
    expect('verdict' in said && said.verdict.wrong).toContain(what);
  },
);

test('words and numbers that were changed are named, put right on the page, and wrong again the second time', async () => {
  const link = readFragment(await linked())!;
  const { record } = await unpackRecord(link.packed!);
  const [line] = record.lines;
  const at = line!.promptLength + 2;
  const tokens = line!.tokens.map((token, position) =>
    position === at ? { ...token, label: ' cruel', text: ' cruel', rawLogprob: -0.001, top: [] } : token,
  );
  const packed = await packRecord({ ...record, lines: [{ ...line!, tokens }] }, 5, link.settings);
  const said = await replayed(`#${writeFragment(link.settings, packed)}`);
  expect(said).toMatchObject({ phase: 'differs', difference: null });
  const wrong = 'verdict' in said ? said.verdict.wrong.join() : '';
  expect(wrong).toMatch(/the word of token 3 of text \d+ \(“ cruel” for/);
  expect('verdict' in said && said.verdict.maxDelta).toBeGreaterThan(0.1);
  expect(tokenAt(playground.line!, at)!.label).toBe(line!.tokens[at]!.label);
  expect(tokenAt(playground.line!, at)!.rawLogprob).toBeCloseTo(line!.tokens[at]!.rawLogprob!, 3);
  await replay();
  expect(opened.current!.replay.phase).toBe('differs');
});

test('a link to a text that is opened in mid-run leaves the text that streams', async () => {
  const fragment = await linked();
  changeSettings({ maxTokens: 40 });
  const running = run();
  await openLink(readFragment(fragment)!);
  expect(playground.notices.at(-1)!.text).toContain('A run is going on');
  await running;
  expect(playground.line!.reason).not.toBeNull();
  expect(playground.line!.length - playground.line!.promptLength).toBeGreaterThan(0);
});

test('a text from a link: reproduced, with as many numbers as it has', async () => {
  changeSettings({ maxTokens: 12, prompt: 'Once upon a time' });
  await run();
  const link = await recordedLink(playground.settings, { lines: [playground.line!], comparison: null });
  await openLink(readFragment(new URL(link.url).hash)!);
  await replay();
  expect(opened.current?.replay).toMatchObject({ phase: 'reproduced', drawn: 12 });
});

test.each(['lanes', 'best-of-n', 'majority-vote', 'first-valid', 'beam'] as const)(
  'a comparison: %s',
  async (kind) => {
    const settings = defaultSettings();
    changeSettings({
      maxTokens: 10,
      lanes: [{ temperature: 0.2 }, { temperature: 1.3 }],
      method: { ...settings.method, kind, samples: 3, width: 3 },
    });
    await runComparison();
    const link = await recordedLink(playground.settings, {
      lines: compare.comparison!.lines,
      comparison: compare.comparison,
    });
    await openLink(readFragment(new URL(link.url).hash)!);
    await replay();
    expect(opened.current?.replay).toMatchObject({ phase: 'reproduced' });
  },
);
