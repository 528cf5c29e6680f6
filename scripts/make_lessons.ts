/**
 * Makes the recorded runs of Learn's cards: `node scripts/run.mjs make_lessons [--card ID] [--print]`. They are real runs of the
 * embedded model through the page's own worker code. Each is written to `static/learn/` as the link that opens it.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadWebGpuEngine } from '../src/engines/webgpu/engine.ts';
import { cardSettings } from '../src/playground/learn/card.ts';
import { cards } from '../src/playground/learn/cards/index.ts';
import { writeFragment } from '../src/playground/link/fragment.ts';
import type { RunRecord } from '../src/playground/record/document.ts';
import { packRecord } from '../src/playground/record/unpack.ts';
import { WorkerHost } from '../src/worker/host.ts';
import { matchPattern } from './headless/match_pattern.ts';
import { recordComparison } from './lessons/record_comparison.ts';
import { recordTexts } from './lessons/record_texts.ts';
import { nodeFileSource } from './node_file.ts';
import { openBestAdapter } from './setup/adapters.ts';

const MODEL = 'static/models/logitscope-stories-6m-q8_0.gguf';
const FOLDER = 'static/learn';
/** Candidates per step: as many as the page lists by default, and fewer where several texts share a file. */
const DEPTH = { texts: 22, comparison: 12 };

const { values } = parseArgs({ options: { card: { type: 'string' }, print: { type: 'boolean' } } });

const adapter = await openBestAdapter();
if (adapter === null)
  throw new Error('There is no WebGPU adapter on this machine; "npm run setup" installs a software one.');
const source = await nodeFileSource(MODEL);
const open = () => loadWebGpuEngine(source, { gpu: adapter.gpu });
const host = new WorkerHost(open, matchPattern).to(0);
const { kind, model, description } = await host.load({ kind: 'scripted' }, () => undefined);
const origin: Pick<RunRecord, 'model' | 'engine'> = {
  model: {
    name: model.name,
    fileSize: model.fileSize,
    vocabularySize: model.vocabularySize,
    sha256: createHash('sha256').update(readFileSync(MODEL)).digest('hex'),
  },
  engine: { kind, adapter: description.adapter, numerics: description.numerics },
};

mkdirSync(FOLDER, { recursive: true });
for (const { id, run } of cards.filter(({ id }) => values.card === undefined || id === values.card)) {
  const settings = cardSettings(run);
  const together = run.page === 'compare';
  const depth = together ? DEPTH.comparison : DEPTH.texts;
  const made = await (together ? recordComparison(host, run, depth) : recordTexts(host, run, depth));
  const record: RunRecord = { ...origin, ...made };
  const link = writeFragment(settings, await packRecord(record, depth, settings));
  writeFileSync(`${FOLDER}/${id}.json`, `${JSON.stringify({ link })}\n`);
  console.log(`${id}: ${record.lines.length} texts, ${link.length} characters`);
  if (values.print)
    for (const { tokens } of record.lines) console.log(`  ${tokens.map(({ text }) => text).join('')}`);
}
await source.close();
process.exit(0);
