// What llama.cpp makes of a GGUF file: token ids, text and distributions. Called by compare_llama_cpp.py.
//
//     node llama_cpp.mjs model.gguf < {"texts": [string], "sequences": [[token]]}
//
// Prints {"tokens": [[token]], "detokenised": [string], "probabilities": [[[probability, by token]]]}.
import { createRequire } from 'node:module';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

// node-llama-cpp is installed only where the reference for the tests is made.
const reference = createRequire(new URL('../tests/reference/package.json', import.meta.url));
const { getLlama } = await import(pathToFileURL(reference.resolve('node-llama-cpp')).href);

const { texts, sequences } = await json(process.stdin);
const llama = await getLlama({ gpu: false, build: 'never', logLevel: 'error' });
const model = await llama.loadModel({ modelPath: process.argv[2] });
const context = await model.createContext({ contextSize: model.trainContextSize, flashAttention: false });
const sequence = context.getSequence();

const raw = { generateNext: { probabilities: true, options: { temperature: 1, topK: 0, topP: 1, minP: 0 } } };
const byToken = (probabilities) => {
  const ordered = new Array(probabilities.size);
  for (const [token, probability] of probabilities) ordered[token] = probability;
  return ordered;
};
const probabilities = [];
for (const tokens of sequences) {
  await sequence.clearHistory();
  const steps = await sequence.controlledEvaluate(tokens.map((token) => [token, raw]));
  probabilities.push(steps.map((step) => byToken(step.next.probabilities)));
}

const tokens = texts.map((text) => model.tokenize(text));
const detokenised = tokens.map((ids) => model.detokenize(ids));
process.stdout.write(JSON.stringify({ tokens, detokenised, probabilities }), () => process.exit(0));
