/**
 * Settings in a link: readable pairs of what differs from version 1's defaults. These defaults never change, and a fixture in
 * tests/unit/link holds them; other defaults need another version.
 */
import * as v from 'valibot';
import { parameter } from '../../sampling/parameter_table.ts';
import type { ChatMessage } from '../../engines/contract.ts';
import { defaultSettings, maxTokensRange, topRange, type Settings } from '../settings.ts';
import { colourModes, laneLayouts, modelPattern, pageView } from '../settings_schema.ts';
import { maxEntries } from '../limits.ts';
import { readMethod, writeMethod } from './method_link.ts';
import { nameOf } from '../parameter_names.ts';
import { readParams, writeParams } from './params_link.ts';
import type { Pair } from './query.ts';
import type { LinkValues } from './values.ts';

export const linkVersion = 1;

const roles: readonly string[] = ['system', 'user', 'assistant'];

/** @returns version, model and prompt first, and the seed last, because chats cut punctuation off the end of a link */
export function writeSettings(settings: Settings): Pair[] {
  const defaults = defaultSettings();
  const pairs: Pair[] = [
    ['v', String(linkVersion)],
    ['model', settings.model],
  ];
  if (settings.mode !== 'text') pairs.push(['mode', settings.mode]);
  if (settings.mode === 'text' || settings.prompt !== defaults.prompt)
    pairs.push(['prompt', settings.prompt]);
  if (JSON.stringify(settings.messages) !== JSON.stringify(defaults.messages)) {
    if (settings.messages.length === 0) pairs.push(['turns', 'none']);
    for (const { role, content } of settings.messages) pairs.push([role, content]);
  }
  if (settings.maxTokens !== defaults.maxTokens) pairs.push(['max_tokens', String(settings.maxTokens)]);
  for (const text of settings.stop) pairs.push(['stop', text]);
  if (settings.rollSeed) pairs.push(['roll_seed', '1']);
  pairs.push(...writeMethod(settings));
  const { view } = settings;
  if (view.page !== defaults.view.page) pairs.push(['view', view.page]);
  if (view.colour !== defaults.view.colour) pairs.push(['colour', view.colour]);
  if (view.scale !== defaults.view.scale) pairs.push(['scale', view.scale]);
  if (view.top !== defaults.view.top) pairs.push(['top', String(view.top)]);
  if (view.whitespace) pairs.push(['whitespace', '1']);
  if (view.layout !== defaults.view.layout) pairs.push(['layout', view.layout]);
  const seedName = nameOf(parameter('seed'));
  const sampling = writeParams(settings);
  return [
    ...pairs,
    ...sampling.filter(([name]) => name !== seedName),
    ...sampling.filter(([name]) => name === seedName),
  ];
}

/** What cannot be used keeps its default, and `values.problems` has a sentence about it. */
export function readSettings(values: LinkValues): Settings {
  const defaults = defaultSettings();
  const whole = (range: { readonly min: number; readonly max: number }) =>
    v.pipe(v.number(), v.integer(), v.minValue(range.min), v.maxValue(range.max));
  const truth = (name: string): boolean =>
    values.read(name, v.picklist(['0', '1', 'true', 'false']), '0').match(/^(1|true)$/) !== null;
  const { params, lanes } = readParams(values);
  return {
    model: values.read('model', v.pipe(v.string(), v.regex(modelPattern)), defaults.model),
    mode: values.read('mode', v.picklist(['text', 'chat']), defaults.mode),
    prompt: values.last('prompt') ?? defaults.prompt,
    messages: readMessages(values, defaults.messages),
    params,
    lanes,
    ...readMethod(values),
    maxTokens: values.read('max_tokens', whole(maxTokensRange), defaults.maxTokens, Number),
    stop: values.all('stop').slice(0, maxEntries),
    rollSeed: truth('roll_seed'),
    view: {
      page: values.read('view', pageView, defaults.view.page),
      colour: values.read('colour', v.picklist(colourModes), defaults.view.colour),
      scale: values.read('scale', v.picklist(['linear', 'log']), defaults.view.scale),
      top: values.read('top', whole(topRange), defaults.view.top, Number),
      whitespace: truth('whitespace'),
      layout: values.read('layout', v.picklist(laneLayouts), defaults.view.layout),
    },
  };
}

/** Turns are in the order of the conversation, each under its role. */
function readMessages(values: LinkValues, fallback: readonly ChatMessage[]): readonly ChatMessage[] {
  for (const role of roles) values.all(role);
  const turns = values.pairs.filter(([key]) => roles.includes(key));
  if (turns.length === 0) return values.last('turns') === 'none' ? [] : fallback;
  if (turns.length > maxEntries) {
    values.problems.push(`The link has ${turns.length} turns; the first ${maxEntries} are taken.`);
  }
  return turns
    .slice(0, maxEntries)
    .map(([role, content]) => ({ role: role as ChatMessage['role'], content }));
}
