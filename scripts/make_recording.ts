/**
 * Makes the run that the page opens with: `node scripts/run.mjs make_recording --model FILE [--prompt TEXT] [--seed N]`.
 * A real run of the given model through the page's own worker code; writes static/recording.json.
 */
import { statSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWebGpuEngine } from '../src/engines/webgpu/engine.ts';
import type { RecordedToken, RecordedView, Recording } from '../src/playground/recording.ts';
import { defaultParams } from '../src/sampling/parameter_table.ts';
import type { LineEvent, LineStep, PromptScores } from '../src/worker/api/worker_api.ts';
import { WorkerHost } from '../src/worker/host.ts';
import type { StepView } from '../src/worker/api/views.ts';
import { nodeFileSource } from './node_file.ts';
import { openBestAdapter } from './setup/adapters.ts';

/** Candidates listed in each view: as many as the page shows by default. */
const TOP = 22;
const LINE = 1;

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
  throw new Error('There is no WebGPU adapter on this machine; "npm run setup" gets a software one.');
const host = new WorkerHost(() => loadWebGpuEngine(source, { gpu: adapter.gpu }));
const summary = await host.load({ kind: 'scripted' }, () => undefined);
const params = { ...defaultParams(), seed: Number(values.seed) };
const prompt = await host.tokenise({ kind: 'text', text: values.prompt });

const steps: LineStep[] = [];
let scores: PromptScores | null = null;
const onEvents = (events: readonly LineEvent[]): void => {
  for (const event of events) {
    if (event.type === 'steps') steps.push(...event.steps);
    if (event.type === 'prompt-scores') scores = event.scores;
  }
};
const result = await host.run(
  {
    prompt: prompt.tokens.map(({ token }) => token),
    lanes: [{ line: LINE, params, stream: 0 }],
    strategy: { kind: 'sample' },
    stop: { maxTokens: Number(values['max-tokens']), sequences: [] },
  },
  onEvents,
);
if (result.error) throw new Error(result.error.message);

/** Six digits are more than a chart can show, and half of what doubles would take; a curve needs fewer yet. */
const short = (value: number): number => Number(value.toPrecision(6));
const shorter = (value: number): number => Number(value.toPrecision(3));
/** Every third point of the curve, and its ends. */
const thin = (values: Float64Array): number[] =>
  [...values].filter((_, index) => index < 8 || index % 3 === 0 || index === values.length - 1);
const orNull = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : short(value);

function recordedView(view: StepView): RecordedView {
  const { curve, rows } = view;
  return {
    ...view,
    rows: rows.map((row) => ({
      ...row,
      logit: short(row.logit),
      raw: short(row.raw),
      rawLogprob: short(row.rawLogprob),
      final: short(row.final),
    })),
    curve: {
      vocabularySize: curve.vocabularySize,
      ranks: thin(curve.ranks),
      raw: thin(curve.raw).map(shorter),
      final: thin(curve.final).map(shorter),
    },
  };
}

const views: RecordedView[] = [];
for (const [index] of steps.entries()) {
  const place = { line: LINE, position: prompt.tokens.length + index };
  const view = await host.inspect(place, params, { top: TOP });
  if (!view) throw new Error(`There is no distribution at ${place.position}.`);
  views.push(recordedView(view));
}

const promptTokens = prompt.tokens.map((token, index): RecordedToken => ({
  ...token,
  rawLogprob: orNull(scores?.rawLogprob[index]),
  finalLogprob: orNull(scores?.rawLogprob[index]),
  rank: orNull(scores?.rank[index]),
  entropy: orNull(scores?.entropy[index]),
  finalEntropy: null,
  kept: null,
}));
const output = steps.map(({ record, label, kind }): RecordedToken => ({
  token: record.token,
  piece: record.piece,
  label,
  kind,
  rawLogprob: orNull(record.rawLogprob),
  finalLogprob: orNull(record.finalLogprob),
  rank: record.rank,
  entropy: orNull(record.entropy),
  finalEntropy: orNull(record.finalEntropy),
  kept: record.kept,
}));
/** Opens where much was possible: the widest choice among the first thirty words. */
const early = steps.slice(0, 30).map(({ record }) => record.finalEntropy);
const recording: Recording = {
  version: 1,
  model: {
    name: summary.model.name,
    fileSize: statSync(values.model).size,
    vocabularySize: summary.model.vocabularySize,
  },
  params,
  prompt: promptTokens,
  output,
  views,
  reason: result.branches[0]!.reason,
  highlight: early.indexOf(Math.max(...early)),
};
writeFileSync(values.out, JSON.stringify(recording));
console.log(`${values.out}: ${output.length} tokens, ${statSync(values.out).size} bytes`);
console.log(output.map(({ piece }) => piece).join(''));
await source.close();
process.exit(0);
