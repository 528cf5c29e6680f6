/** Whatever a card of Learn says is true of its record, figures included. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import embedded from '../../../src/models/embedded.json' with { type: 'json' };
import { distinct } from '../../../src/playground/compare/lane_figures.ts';
import { cardSettings, type Card } from '../../../src/playground/learn/card.ts';
import { cards } from '../../../src/playground/learn/cards/index.ts';
import { readLesson, type StoredLesson } from '../../../src/playground/learn/read_lesson.ts';
import type { DocumentText, DocumentToken } from '../../../src/playground/record/document.ts';
import { uniform } from '../../../src/sampling/rng.ts';
import { decimal } from '../../../src/ui/format.ts';

const lessons = new Map<string, StoredLesson>();

beforeAll(async () => {
  for (const { id } of cards)
    lessons.set(id, await readLesson(JSON.parse(readFileSync(`static/learn/${id}.json`, 'utf8'))));
});

function lessonOf(id: string): { card: Card; texts: readonly DocumentText[] } & StoredLesson {
  const card = cards.find((one) => one.id === id)!;
  const stored = lessons.get(id)!;
  return { card, texts: stored.record.lines, ...stored };
}

const outputs = ({ tokens, promptLength }: DocumentText): readonly DocumentToken[] =>
  tokens.slice(promptLength);
const wordsOf = (text: DocumentText): string =>
  outputs(text)
    .map(({ text }) => text)
    .join('');
const total = (text: DocumentText): number =>
  outputs(text).reduce((sum, token) => sum + token.rawLogprob!, 0);
const perplexity = (text: DocumentText): number => Math.exp(-total(text) / outputs(text).length);
/** In whole percent: a record rounds logprobs to thousandths, and live numbers are a little different. */
const share = (logprob: number | null): string => `${Math.round(100 * Math.exp(logprob!))}\u00a0%`;
/** The output index at which two texts part. */
const parting = (a: DocumentText, b: DocumentText): number =>
  outputs(a).findIndex(({ id }, index) => id !== outputs(b)[index]?.id);
const candidate = (token: DocumentToken, label: string) => token.top.find((one) => one.label === label)!;

describe.each(cards.map((card) => [card.id, card] as const))('%s', (id, card) => {
  test('its record is of the embedded model, and of the run that the card describes', () => {
    const { record, settings } = lessonOf(id);
    expect(record.model.sha256).toBe(embedded.sha256);
    expect(settings).toEqual(cardSettings(card.run));
    expect(record.selected).toBe(
      Math.min(
        record.lines[record.current]!.tokens.length,
        record.lines[0]!.promptLength + card.run.selected,
      ),
    );
  });

  test('it has two or three choices, one of them right, and sentences of a readable length', () => {
    const { choices, right, idea, question, answer, task } = card;
    expect(new Set(choices).size).toBe(choices.length);
    expect([2, 3]).toContain(choices.length);
    expect(choices[right]).toBeDefined();
    for (const text of [idea, question, answer, task]) expect(text).toMatch(/^.{20,330}[.?]$/su);
  });
});

test('race: the favourite has less than half, and the draw fell on a token that was far from it', () => {
  const { card, texts } = lessonOf('race');
  const step = outputs(texts[0]!)[card.run.selected]!;
  const decided = candidate(step, ' decided');
  expect(step.top[0]).toBe(decided);
  expect(decided.finalLogprob).toBeLessThan(Math.log(0.5));
  expect(step.label).toBe(' wanted');
  expect(card.answer).toContain(share(decided.finalLogprob));
  expect(card.answer).toContain(share(step.finalLogprob));
});

test('temperature: the same u and the same raw distribution give two tokens, because the shares differ', () => {
  const { card, texts, record } = lessonOf('temperature');
  const [cool, hot] = texts as [DocumentText, DocumentText];
  const at = card.run.selected;
  expect(record.comparison!.sharedLuck).toBe(true);
  expect(parting(cool, hot)).toBe(at);
  const u = uniform(cool.params.seed, cool.promptLength + at, cool.stream);
  expect(uniform(hot.params.seed, hot.promptLength + at, hot.stream)).toBe(u);
  expect(card.question).toContain(`u = ${decimal(u)} `);
  const [a, b] = [outputs(cool)[at]!, outputs(hot)[at]!];
  const raw = ({ top }: DocumentToken) => top.map(({ id, rawLogprob }) => [id, rawLogprob]);
  expect(raw(a)).toEqual(raw(b));
  const [little, big] = [' little', ' big'].map((label) => Math.exp(candidate(b, label).finalLogprob!));
  const cold = Math.exp(candidate(a, ' little').finalLogprob!);
  expect([a.label, b.label]).toEqual([' little', ' big']);
  expect(u).toBeLessThan(cold);
  expect(u).toBeGreaterThan(little!);
  expect(u).toBeLessThan(little! + big!);
  expect(card.answer).toContain(`0 to ${decimal(cold)}`);
  expect(card.answer).toContain(`to ${decimal(little!)}, and u = ${decimal(u)}`);
});

test('cuts: min-p keeps more than top-k on the flat step, and fewer on the peaked one', () => {
  const { card, texts } = lessonOf('cuts');
  const [topK, minP] = texts as [DocumentText, DocumentText];
  const flat = card.run.selected;
  expect(parting(topK, minP)).toBeGreaterThan(flat);
  const kept = (text: DocumentText, at: number) => outputs(text)[at]!.kept!;
  expect(outputs(minP)[flat - 1]!.label).toBe(' little');
  expect([kept(topK, flat), kept(topK, flat - 1)]).toEqual([10, 10]);
  expect(kept(minP, flat)).toBeGreaterThan(10);
  expect(kept(minP, flat - 1)).toBeLessThan(10);
  expect(card.answer).toContain(`min-p keeps ${kept(minP, flat)} tokens`);
  expect(card.answer).toContain(`min-p kept ${kept(minP, flat - 1)}`);
  expect(outputs(minP)[flat]!.entropy).toBeGreaterThan(outputs(minP)[flat - 1]!.entropy!);
});

test('order: the same stages keep more where the temperature comes first, and the lanes part there', () => {
  const { card, texts } = lessonOf('order');
  const [cutFirst, heatFirst] = texts as [DocumentText, DocumentText];
  const at = card.run.selected;
  expect({ ...heatFirst.params, order: [] }).toEqual({ ...cutFirst.params, order: [] });
  const place = ({ params: { order } }: DocumentText) =>
    order.indexOf('temperature') - order.indexOf('min_p');
  expect(place(cutFirst)).toBeGreaterThan(0);
  expect(place(heatFirst)).toBeLessThan(0);
  expect(parting(cutFirst, heatFirst)).toBe(at);
  const [a, b] = [outputs(cutFirst)[at]!, outputs(heatFirst)[at]!];
  expect(a.kept).toBeLessThan(b.kept!);
  expect(card.answer).toContain(`lane a keeps ${a.kept} candidates and lane b keeps ${b.kept}`);
  expect(b.label).toBe(' small');
  expect(candidate(a, ' small').finalLogprob).toBeNull();
});

test('dry: lane a says a whole sentence again, and lane b does not', () => {
  const { card, texts } = lessonOf('dry');
  const [loop, cured] = texts as [DocumentText, DocumentText];
  const ids = (text: DocumentText) => outputs(text).map(({ id }) => id);
  expect(cured.params.dryMultiplier).toBeGreaterThan(0);
  expect(loop.params.dryMultiplier).toBe(0);
  expect(parting(loop, cured)).toBe(card.run.selected);
  for (const n of [2, 3, 4]) expect(distinct(ids(cured), n)).toBeGreaterThan(distinct(ids(loop), n));
  const sentences = (text: DocumentText) => wordsOf(text).split(/(?<=[.!?"])\s+/);
  const most = (text: DocumentText) =>
    Math.max(...sentences(text).map((one) => sentences(text).filter((other) => other === one).length));
  expect(most(loop)).toBeGreaterThan(most(cured));
  expect(most(cured)).toBe(1);
  expect(card.answer).toContain(`${['never', 'once', 'twice', 'three times'][most(loop)]}`);
});

test('greedy: the best beam has a higher total logprob than greedy decoding, which takes another token first', () => {
  const { card, texts, record } = lessonOf('greedy');
  const { outcome, greedy } = record.comparison!;
  const best = texts[outcome!.winner!]!;
  expect(total(best)).toBeGreaterThan(greedy!.totalLogprob);
  expect(card.answer).toContain(decimal(greedy!.totalLogprob, 2));
  expect(card.answer).toContain(decimal(total(best), 2));
  const at = outputs(best).findIndex(({ id }, index) => id !== greedy!.tokens[index]);
  expect(at).toBe(card.run.selected);
  const step = outputs(best)[at]!;
  expect(step.label).toBe(' boy');
  expect(step.top[0]!.id).toBe(greedy!.tokens[at]);
  expect(step.top[0]!.label).toBe(' girl');
  expect(card.answer).toContain(`“girl” (${share(step.top[0]!.rawLogprob)})`);
  expect(card.answer).toContain(`“boy” (${share(step.rawLogprob)})`);
  // The name after “boy named” is nearly certain; the branch with “girl” never has such a one.
  expect(outputs(best)[at + 2]!.rawLogprob).toBeGreaterThan(Math.log(0.75));
  const girl = texts.find((text) => outputs(text)[at]?.label === ' girl' && outputs(text).length > at + 2)!;
  expect(outputs(girl)[at + 2]!.top[0]!.rawLogprob).toBeLessThan(Math.log(0.5));
});

test('perplexity: one unlikely word raises the perplexity of the sentence', () => {
  const { card, texts } = lessonOf('perplexity');
  const [water, moon] = texts as [DocumentText, DocumentText];
  const at = card.run.selected;
  expect(parting(water, moon)).toBe(at);
  const [expected, odd] = [outputs(water)[at]!, outputs(moon)[at]!];
  expect([expected.label, odd.label]).toEqual([' water', ' moon']);
  expect(expected.rank).toBe(1);
  expect(perplexity(moon)).toBeGreaterThan(perplexity(water));
  for (const figure of [
    `rank ${odd.rank}`,
    share(expected.rawLogprob),
    `from ${decimal(perplexity(water), 0)} to ${decimal(perplexity(moon), 0)}`,
  ])
    expect(card.answer).toContain(figure);
  expect(moon.byHand).toContain(at);
});

test('languages: English takes the fewest tokens, and letters without a token take one per byte', () => {
  const { card, texts } = lessonOf('languages');
  // They are all prompt: nothing follows them.
  for (const { promptLength, tokens } of texts) expect(tokens).toHaveLength(promptLength);
  const of = (name: string) => texts.find((text) => text.name === name)!.tokens;
  expect(Math.min(...texts.map(({ tokens }) => tokens.length))).toBe(of('English').length);
  for (const name of ['English', 'German', 'Hindi'])
    expect(card.answer).toContain(`${name}${name === 'English' ? ' takes' : ''} ${of(name).length}`);
  const bytes = (name: string) => of(name).filter(({ kind }) => kind === 'byte').length / of(name).length;
  expect(bytes('English')).toBe(0);
  expect(bytes('Hindi')).toBeGreaterThan(0.8);
});

test('grammar: it removes the favourite and nearly all of the probability', () => {
  const { card, texts } = lessonOf('grammar');
  const step = outputs(texts[0]!)[card.run.selected]!;
  const favourite = step.top[0]!;
  expect(favourite.label).toBe(' you');
  expect(favourite.finalLogprob).toBeNull();
  expect(Math.exp(favourite.rawLogprob)).toBeCloseTo(0.65, 1);
  expect(Math.exp(favourite.rawLogprob)).toBeLessThan(2 / 3);
  expect(step.masked).toBeGreaterThan(0.99);
  expect(step.label).toBe(' Tom');
  expect(card.answer).toContain(`only ${step.rank}th`);
  expect(wordsOf(texts[0]!)).toMatch(/^(Yes|No), (Tom|Lily|Ben)[.!]"$/);
});

test('cache: four lanes share the full pages of their prompt', () => {
  const { card, texts, record } = lessonOf('cache');
  const { usage, outcome } = record.comparison!;
  const { promptLength, tokens } = texts[0]!;
  const { pageTokens, pagesUsed } = usage!;
  expect(card.idea).toContain(`pages of ${pageTokens} tokens`);
  expect(card.idea).toContain(
    `a prompt of ${promptLength} tokens and write ${tokens.length - promptLength} each`,
  );
  const alone = Math.ceil(tokens.length / pageTokens);
  const shared = Math.floor(promptLength / pageTokens);
  expect(card.question).toContain(`A lane of ${tokens.length} tokens needs ${alone} pages`);
  expect(pagesUsed).toBe(shared + texts.length * (alone - shared));
  expect(card.choices[card.right]).toBe(`${pagesUsed} pages`);
  expect(card.answer).toContain(`there are ${pagesUsed}, and ${shared * (texts.length - 1)} are saved`);
  expect(card.answer).toContain(`${outcome!.timing.tokens} tokens took only ${outcome!.timing.steps} passes`);
});

test('best-of-n: the best score never falls, and each doubling brings less', () => {
  const { card, record } = lessonOf('best-of-n');
  const scores = record.comparison!.outcome!.judgements.map(({ score }) => score!);
  const best = [1, 2, 4, 8].map((n) => Math.max(...scores.slice(0, n)));
  const gains = best.slice(1).map((score, index) => score - best[index]!);
  expect(gains[0]).toBeGreaterThan(gains[1]!);
  expect(gains[1]).toBeGreaterThan(gains[2]!);
  expect(gains[2]).toBeGreaterThan(0);
  for (const score of best.slice(0, 2)) expect(card.idea).toContain(decimal(score));
  for (const score of best.slice(2)) expect(card.answer).toContain(decimal(score));
  expect(card.answer).toContain(gains.map((gain) => decimal(gain)).join(', then '));
});

test('base: the model goes on with the question and does not answer it', () => {
  const { card, texts } = lessonOf('base');
  expect(wordsOf(texts[0]!)).toMatch(/^ Where is the cap\?/);
  expect(card.answer).toContain('“Where is the cap?”');
  expect(wordsOf(texts[0]!)).not.toMatch(/Paris/);
  expect(outputs(texts[0]!)[0]!.top.map(({ label }) => label.trim())).not.toContain('Paris');
});
