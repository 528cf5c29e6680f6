/**
 * Makes the page's opening run: `node scripts/run.mjs make_recording --model FILE [--prompt TEXT] [--seed N]`.
 * It is a real run of the given model through the page's own worker code. It writes static/recording.json, a record as the page
 * saves one.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWebGpuEngine } from '../src/engines/webgpu/engine.ts';
import type { RunRecord } from '../src/playground/record/document.ts';
import { documentText, fromEvidence } from '../src/playground/record/document_text.ts';
import { makeDocument, titleOf } from '../src/playground/record/make_document.ts';
import { defaultSettings } from '../src/playground/settings.ts';
import { promptOnly, withEvent } from '../src/playground/texts/text.ts';
import type { TextEvent } from '../src/worker/api/worker_api.ts';
import { WorkerHost } from '../src/worker/host.ts';
import { nodeFileSource } from './node_file.ts';
import { openBestAdapter } from './setup/adapters.ts';

/** Candidates per step: more than the page lists by default, and enough for a curve. */
const TOP = 40;
const TEXT = 1;

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    prompt: { type: 'string', default: 'Once upon a time' },
    seed: { type: 'string', default: '42' },
    'max-tokens': { type: 'string', default: '120' },
    out: { type: 'string', default: 'static/recording.json' },
  },
});
if (values.model === undefined) throw new Error('No model is named; add --model FILE.');

const source = await nodeFileSource(values.model);
const adapter = await openBestAdapter();
if (adapter === null)
  throw new Error('There is no WebGPU adapter on this machine; "npm run setup" installs a software one.');
const host = new WorkerHost(() => loadWebGpuEngine(source, { gpu: adapter.gpu })).to(0);
const summary = await host.load({ kind: 'scripted' }, () => undefined);
const settings = {
  ...defaultSettings(),
  prompt: values.prompt,
  maxTokens: Number(values['max-tokens']),
};
const params = { ...settings.params, seed: Number(values.seed) };
const stop = { maxTokens: settings.maxTokens, sequences: [] };
const prompt = await host.tokenise({ kind: 'text', text: values.prompt });

let text = promptOnly({ id: TEXT, name: 'recorded', lane: 0, params, stop }, prompt.tokens);
const onEvents = (events: readonly TextEvent[]): void => {
  text = events.reduce(withEvent, text);
};
const result = await host.run(
  {
    prompt: prompt.tokens.map(({ token }) => token),
    lanes: [{ text: TEXT, params, stream: 0 }],
    strategy: { kind: 'sample' },
    stop,
  },
  onEvents,
);
if (result.error) throw new Error(result.error.message);
const evidence = await host.evidence(TEXT, params, TOP);
if (!evidence) throw new Error('The engine reports no candidates.');

/** The step that the page shows first: the widest choice among the first thirty words. */
const tokens = text.chunks.flatMap(({ tokens }) => tokens);
const early = tokens.slice(text.promptLength, text.promptLength + 30).map(({ finalEntropy }) => finalEntropy);
const { kind, model, description } = summary;
const record: RunRecord = {
  model: {
    name: model.name,
    fileSize: model.fileSize,
    vocabularySize: model.vocabularySize,
    sha256: createHash('sha256').update(readFileSync(values.model)).digest('hex'),
  },
  engine: { kind, adapter: description.adapter, numerics: description.numerics },
  strategy: 'sample',
  lines: [documentText(text, [text], fromEvidence(evidence, text.promptLength), 'sample')],
  comparison: null,
  current: 0,
  selected: text.promptLength + early.indexOf(Math.max(...early)),
};
/** Six digits are more than a chart can show, and take half the space of doubles. */
const short = JSON.parse(
  JSON.stringify(record, (_, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(6)) : value,
  ),
) as RunRecord;
const json = JSON.stringify(
  makeDocument({ ...short, model: record.model }, { ...settings, params }, titleOf(text)),
);
writeFileSync(values.out, json);
console.log(`${values.out}: ${text.length} tokens, ${json.length} characters`);
console.log(tokens.map(({ piece }) => piece).join(''));
await source.close();
process.exit(0);
