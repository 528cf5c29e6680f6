/**
 * Forges every field of a record in turn, with a fitting checksum, and replays the record. The page must never call it
 * reproduced, unless it then shows the truth again. With the old checksum the record does not even open.
 */
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { safeParse } from 'valibot';
import { ScriptedEngine } from '../../src/engines/scripted/engine.ts';
import { branchWith } from '../../src/playground/branch_actions.ts';
import { runComparison } from '../../src/playground/compare/run_comparison.ts';
import { compare } from '../../src/playground/compare/state.svelte.ts';
import { openScripted } from '../../src/playground/engine_actions.ts';
import { allTokens, type PageText } from '../../src/playground/texts/text.ts';
import { documentChecksum } from '../../src/playground/record/checksum.ts';
import type { RunDocument } from '../../src/playground/record/document.ts';
import { documentSchema } from '../../src/playground/record/document.ts';
import { makeDocument } from '../../src/playground/record/make_document.ts';
import { makeRecord } from '../../src/playground/record/make_record.ts';
import { openRecord } from '../../src/playground/record/open_record.ts';
import { opened } from '../../src/playground/record/opened.svelte.ts';
import { replay } from '../../src/playground/record/replay.ts';
import { run } from '../../src/playground/texts/run_actions.ts';
import { select } from '../../src/playground/selection_actions.ts';
import { defaultSettings, type Settings } from '../../src/playground/settings.ts';
import { playground } from '../../src/playground/state.svelte.ts';
import { page } from './page.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Way = readonly (string | number)[];

const asked: unknown[] = [];

async function fresh(settings: Partial<Settings>): Promise<void> {
  playground.endRun();
  playground.clearTexts();
  playground.notices = [];
  playground.takeSettings({ ...defaultSettings(), ...settings });
  compare.clear();
  opened.set(null);
}

beforeAll(async () => {
  page.reset();
  page.open = () => Promise.resolve(new ScriptedEngine());
  await openScripted();
});

beforeEach(() => {
  asked.length = 0;
  page.before = (name, args) => void (name === 'replay' || name === 'run' ? asked.push(args[0]) : null);
});

/** A text, a branch of it with a token chosen by hand, and the settings of both. */
async function texts(): Promise<RunDocument> {
  await fresh({ maxTokens: 6 });
  await run();
  const first = playground.text!;
  select(first.promptLength + 2);
  // A token that the chain would not draw.
  const other = allTokens(first).find(({ token, kind }) => kind === 'normal' && token > 300)!;
  await branchWith(other.token === allTokens(first)[first.promptLength + 2]!.token ? 301 : other.token);
  return document({ texts: playground.texts, comparison: null });
}

async function compared(settings: Partial<Settings>): Promise<RunDocument> {
  const { method } = defaultSettings();
  await fresh({ maxTokens: 5, ...settings, method: { ...method, samples: 3, width: 2, ...settings.method } });
  await runComparison();
  return document({ texts: compare.comparison!.texts, comparison: compare.comparison });
}

async function document(subject: Parameters<typeof makeRecord>[0]): Promise<RunDocument> {
  expect(playground.notices).toEqual([]);
  return makeDocument(
    await makeRecord(subject, 4),
    subject.comparison?.settings ?? playground.settings,
    'title',
  );
}

/** The page's verdict and texts after the record was opened and replayed. */
async function replayed(record: RunDocument): Promise<{ green: boolean; shows: unknown }> {
  await fresh({});
  const { settings } = record;
  const there = openRecord(record, { origin: 'file', settings, take: true, replace: true, reveal: true });
  await replay();
  const { replay: said } = opened.current!;
  const ids = new Set(there!.texts.map(({ id }) => id));
  const texts = [...playground.texts, ...(compare.comparison?.texts ?? [])].filter(({ id }) => ids.has(id));
  const here = 'here' in said ? said.here : null;
  const { result, greedy, strategy } = compare.comparison ?? {};
  const outcome = result && [
    result.winner,
    result.ranking,
    result.votes,
    result.branches.map((b) => b.score),
  ];
  return {
    green: said.phase === 'reproduced',
    shows: rounded([texts.map(shownOf), here, outcome, greedy?.text, greedy?.tokens, strategy?.kind]),
  };
}

function shownOf(text: PageText): unknown {
  const { reason } = text;
  // A record cannot tell whether a run met its limit or was stopped there.
  const end = reason === 'stopped' ? 'max-tokens' : reason;
  return [text.promptLength, text.visible, end, allTokens(text)];
}

/** Rounds to nine digits, and replaces NaN and undefined, which JSON lacks. */
function rounded(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(
      value,
      (_, item: unknown) => (typeof item === 'number' ? Number(item.toPrecision(9)) : item) ?? null,
    ),
  );
}

/** The paths to every leaf and every list. */
function ways(json: Json, way: Way = []): Way[] {
  if (typeof json !== 'object' || json === null) return [way];
  const below = Object.entries(json).flatMap(([key, item]) =>
    ways(item, [...way, Array.isArray(json) ? Number(key) : key]),
  );
  return Array.isArray(json) ? [way, ...below] : below;
}

function at(json: Json, way: Way): Json {
  return way.reduce<Json>((item, key) => (item as Record<string, Json>)[key]!, json);
}

function put(json: Json, [key, ...rest]: Way, value: Json): Json {
  if (key === undefined) return value;
  const copy = (Array.isArray(json) ? [...json] : { ...(json as object) }) as Record<string, Json>;
  copy[key] = put(copy[key]!, rest, value);
  return copy as Json;
}

const words = ['forged', ' dog', 'control', 'stopped', 'end-of-generation', 'stop-sequence', 'context-full'];
const choices = ['sample', 'best-of-n', 'beam', 'greedy', 'shortest', 'webgpu', 'lanes', 'chat', 'regex'];

function forgeries(value: Json): Json[] {
  if (typeof value === 'number') return [value + 1, value - 1, value + 0.25, 0, 2 * value + 3];
  if (typeof value === 'string') return [...words, ...choices, 'ab'.repeat(32)];
  if (typeof value === 'boolean') return [!value];
  if (Array.isArray(value)) return [value.slice(0, -1), value.slice(1), [...value, ...value.slice(-1)], [0]];
  return [0, 1, -0.5, 'forged', 'ab'.repeat(32)];
}

/** Names, order and view of the record, which are not computed. */
const labels =
  /^(title|savedAt|current|selected|lines\.\d+\.(name|lane)|settings\.(view\..*|model|rollSeed))$/;
/** Settings beside a text that only affect the next run. */
const nextRun = /^settings\.(maxTokens|stop|lanes|method|sharedLuck|messages)\b/;
/** The inputs of the figures; the page must have asked for exactly these. */
const inputs = /\b(params|drawn|seed|strategy|stop|stream|byHand)\b/;

/** A few paths of each kind, because it does not matter which token of a text they are in. */
function sampled(all: readonly Way[]): Way[] {
  const kinds = new Map<string, Way[]>();
  for (const way of all) {
    const kind = way.map((key) => (typeof key === 'number' ? '*' : key)).join('.');
    kinds.set(kind, [...(kinds.get(kind) ?? []), way]);
  }
  return [...kinds.values()].flatMap((same) =>
    same.length === 1 ? same : [same[Math.floor((2 * same.length) / 3)]!],
  );
}

const plain = (document: RunDocument): Json =>
  JSON.parse(JSON.stringify(document, (_, item: unknown) => (item === -Infinity ? 'ban' : item))) as Json;

test.each([
  ['texts', texts],
  ['lanes', () => compared({ lanes: [{ temperature: 0.3 }, { temperature: 1.4 }] })],
  ['samples', () => compared({ method: { ...defaultSettings().method, kind: 'best-of-n' } })],
  ['beams', () => compared({ method: { ...defaultSettings().method, kind: 'beam' } })],
] as const)('%s: does not call a forged field reproduced unless it shows the truth', async (name, make) => {
  const document = await make();
  const truth = await replayed(document);
  expect(opened.current!.replay, JSON.stringify(opened.current!.replay)).toMatchObject({
    phase: 'reproduced',
  });
  const json = plain(document);
  // The fields that branches share with texts and lanes are forged there.
  const branches = name === 'samples' || name === 'beams';
  const wanted = (way: Way): boolean =>
    way[0] !== 'checksum' &&
    !(branches && (way[0] === 'settings' || way.includes('params') || way.includes('top')));
  let opens = 0;
  let greens = 0;
  for (const way of sampled(ways(json).filter(wanted))) {
    const path = way.join('.');
    let tried = 0;
    for (const value of forgeries(at(json, way))) {
      if (tried === 1) break;
      if (JSON.stringify(value) === JSON.stringify(at(json, way))) continue;
      const forged = put(json, way, value) as unknown as RunDocument;
      // The old checksum does not fit.
      expect(safeParse(documentSchema, forged).success, path).toBe(false);
      const { checksum, ...content } = forged;
      expect(checksum).toBeDefined();
      const read = safeParse(documentSchema, { ...content, checksum: documentChecksum(content) });
      if (!read.success) continue;
      opens++;
      tried++;
      asked.length = 0;
      const { green, shows } = await replayed(read.output);
      if (!green) continue;
      greens++;
      if (labels.test(path) || (name === 'texts' && nextRun.test(path))) continue;
      const what = `${path}: ${JSON.stringify(at(json, way))} → ${JSON.stringify(value)}`;
      // Shorter or fewer texts are still true.
      if (name === 'texts' && /(^lines|tokens)$/.test(path)) continue;
      expect(shows, what.slice(0, 300)).toEqual(truth.shows);
      if (!inputs.test(path) || path.startsWith('settings')) continue;
      // Then these inputs give this text, and the claim is true if the page ran just them.
      if (/\bparams\b/.test(path)) {
        const text = read.output.lines[Number(way[1])];
        const used = text && /^lines/.test(path) ? (text.drawn.at(-1)?.params ?? text.params) : null;
        if (used) expect(JSON.stringify(asked), what).toContain(JSON.stringify(used));
      }
    }
  }
  expect(opens).toBeGreaterThan(30);
  expect(greens).toBeLessThan(opens / 2);
});
