/** Compares the logprobs of a real llama.cpp server with those of our own engine on the same file. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engines/contract.ts';
import { OpenAiEngine } from '../../src/engines/openai/engine.ts';
import type { DrawnToken } from '../../src/engines/openai/replies.ts';
import { loadWebGpuEngine } from '../../src/engines/webgpu/engine.ts';
import { bufferSource } from '../../src/engines/gguf/sources.ts';
import embedded from '../../src/models/embedded.json' with { type: 'json' };
import { defaultParams } from '../../src/sampling/parameter_table.ts';
import { serverFields } from '../../src/worker/server/server_parameters.ts';
import { devices } from '../setup/devices.ts';
import {
  findLlamaServer,
  HOW_TO_GET_ONE,
  type LlamaServer,
  startLlamaServer,
} from '../setup/llama_server.ts';
import { logSoftmax } from '../conformance/goldens.ts';

const found = findLlamaServer();

const stories = resolve(process.env['LOGITSCOPE_SHARED'] ?? '../shared', 'models/stories260K.gguf');
/** llama.cpp's default KV cache is F16. */
const PRECISE = ['-ctk', 'f32', '-ctv', 'f32', '-fa', 'off'];

/**
 * Models, and the largest allowed difference of our logprobs (those above −10) and probabilities from the server's: a few times
 * the measured ones of build 11669. llama.cpp quantises activations to 8 bits if weights are quantised, and we do not.
 */
const compared = [
  { name: 'F32', file: stories, nats: 1e-4, probability: 1e-5 },
  { name: 'Q8_0', file: `static/models/${embedded.fileName}`, nats: 0.3, probability: 0.03 },
];

const TEXTS = [
  'Once upon a time',
  'The robot looked at the sea and',
  '"Where is my hat?" asked Tom. His mother smiled and said, "Look on your head!" They both laughed',
];

if (!found) test.skip(HOW_TO_GET_ONE);
describe.runIf(found && devices[0])(`a llama.cpp server and our own engine on ${devices[0]?.name}`, () => {
  for (const { name, file, nats, probability } of compared) {
    describe.runIf(existsSync(file))(`with the ${name} model ${basename(file)}`, () => {
      let own: Engine;
      let server: LlamaServer;
      let model: OpenAiEngine;
      beforeAll(async () => {
        own = await loadWebGpuEngine(bufferSource(basename(file), readFileSync(file)), {
          gpu: devices[0]!.gpu,
        });
        const options = ['-c', '512', '-np', '1', ...PRECISE];
        server = await startLlamaServer(found!.program, options, resolve(file));
        model = await OpenAiEngine.open({ baseUrl: server.baseUrl }, basename(file));
      });
      afterAll(async () => {
        own.dispose();
        await server.stop();
      });

      /** The largest differences over all logprobs of the server. */
      async function differences(parameters: Record<string, unknown>) {
        const largest = { nats: 0, probability: 0, count: 0 };
        for (const text of TEXTS) {
          const prompt = own.tokenizer.encode(text, { addSpecial: true });
          const drawn: DrawnToken[] = [];
          const asked = { maxTokens: 24, parameters, signal: new AbortController().signal };
          for await (const piece of model.generate(model.tokenizer.encode(text), asked))
            drawn.push(...piece.tokens);
          const rows = new Map<number, Float32Array>();
          const { sequence } = await own.session.prefill([...prompt, ...drawn.map(({ id }) => id!)], {
            onLogits: (position, row) => rows.set(position, row),
          });
          own.session.release(sequence);
          for (const [i, { id, bytes, logprob, top }] of drawn.entries()) {
            const ours = logSoftmax(rows.get(prompt.length - 1 + i)!);
            expect(top.length).toBe(20);
            if (!own.tokenizer.endOfGeneration.has(id!))
              expect([...bytes!]).toEqual([...own.tokenizer.bytes(id!)]);
            for (const told of [...top, { id, logprob: logprob! }]) {
              const [p, q] = [told.logprob, ours[told.id!]!];
              largest.probability = Math.max(largest.probability, Math.abs(Math.exp(p) - Math.exp(q)));
              if (p > -10) largest.nats = Math.max(largest.nats, Math.abs(p - q));
              largest.count++;
            }
          }
        }
        return largest;
      }

      // The server reports logprobs from before its chain, whatever the chain does.
      test.each([
        ['greedy', serverFields(defaultParams(), 'llamacpp', true)],
        [
          'drawn',
          serverFields({ ...defaultParams(), temperature: 1.5, repeatPenalty: 2 }, 'llamacpp', false),
        ],
      ])('has the same logprobs before its chain, token by token: %s', async (_name, parameters) => {
        const largest = await differences(parameters);
        process.stdout.write(
          `${name}: ${largest.count} logprobs, at most ${largest.nats.toExponential(1)} nats and ${largest.probability.toExponential(1)} of probability apart\n`,
        );
        expect(largest.count).toBeGreaterThan(500);
        expect(largest.nats).toBeLessThan(nats);
        expect(largest.probability).toBeLessThan(probability);
      });
    });
  }
});
