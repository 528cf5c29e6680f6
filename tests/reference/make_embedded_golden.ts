/**
 * Records llama.cpp's (CPU) results for the embedded model: the tokens of some texts, and the logits after the first, a middle
 * and the last token. Run it in this folder when the model changes: `npm install --ignore-scripts && npm run embedded`.
 */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { getLlama } from 'node-llama-cpp';
import type { EmbeddedGolden } from '../conformance/goldens.ts';
import { logitsOf } from './llama_logits.ts';
import embedded from '../../src/models/embedded.json' with { type: 'json' };

const TEXTS = [
  'Once upon a time',
  'The robot looked at the sea and',
  '"Where is my hat?" asked Tom. His mother smiled and said, "Look on your head!" They both laughed, and then the wind took it away. It flew over the garden',
  'Zoë’s café: naïve 🦊👩‍🚀 – ¿qué? 東京\n\nThe end',
];

const path = fileURLToPath(new URL(`../../static/models/${embedded.fileName}`, import.meta.url));
const sha256 = createHash('sha256')
  .update(await readFile(path))
  .digest('hex');
const llama = await getLlama({ gpu: false, build: 'never' });
const model = await llama.loadModel({ modelPath: path, gpuLayers: 0 });
const cases: EmbeddedGolden['cases'][number][] = [];
for (const text of TEXTS) {
  // Texts of this vocabulary begin with BOS, as for a prompt.
  const tokens = [model.tokens.bos!, ...model.tokenize(text)];
  const kept = [0, Math.floor(tokens.length / 2), tokens.length - 1];
  cases.push({ text, tokens: [...tokens], logits: await logitsOf(model, tokens, kept) });
}
await llama.dispose();
const golden: EmbeddedGolden = { sha256, cases };
await writeFile(
  new URL('../../static/conformance/llama_cpp.json', import.meta.url),
  `${JSON.stringify(golden)}\n`,
);
