/** Any answer of a server, through the adapter and a run of the page. */
import { OpenAiEngine } from '../../../src/engines/openai/engine.ts';
import { defaultParams } from '../../../src/sampling/parameter_table.ts';
import type { TextEvent } from '../../../src/worker/api/worker_api.ts';
import { TextsById } from '../../../src/worker/texts/texts_by_id.ts';
import { runOnServer } from '../../../src/worker/server/server_run.ts';
import { ServerSteps } from '../../../src/worker/server/server_steps.ts';
import * as replies from '../../unit/engines/server_replies.ts';
import type { Chance } from '../chance.ts';
import { mutatedJson, mutatedText } from '../mutate.ts';
import { hold, type Outcome, type Subject } from '../subject.ts';

const KEY = 'sk-a-key-of-the-visitor';
const MAX_TOKENS = 12;
const STREAMS = [
  replies.vllm,
  replies.ollama,
  replies.lmStudio,
  ...Object.values(replies.llamaCpp).flatMap(({ body }) => (body.startsWith('data:') ? [body] : [])),
];
const ERRORS = [
  `{"error":{"message":"no such key: ${KEY}"}}`,
  `{"error":"You gave Bearer ${KEY}"}`,
  '{"detail":"Not Found"}',
  '<html>502</html>',
  '',
];
const PIECES = [
  'data: ',
  '\n\n',
  '[DONE]',
  '{"choices":[',
  ']}',
  'null',
  '"logprob":-1e308',
  '\r\n',
  'event: error\n',
  ': ping\n\n',
  `data: ${ERRORS[0]!}\n\n`,
];

interface Reply {
  readonly models: string;
  readonly status: number;
  readonly body: string;
  /** How many bytes a chunk has; it may cut characters. */
  readonly chunk: number;
}

export function serverReplies(): Promise<Subject<Reply>> {
  return Promise.resolve({
    name: 'server replies',
    cases: 50_000,
    few: 250,
    generate: (chance) => {
      const models = JSON.stringify(chance.pick(Object.values(replies.models)));
      return {
        models: chance.oneIn(6) ? mutatedModels(models, chance) : models,
        status: chance.oneIn(12) ? chance.pick([400, 401, 404, 429, 500, 302]) : 200,
        body: chance.oneIn(12) ? chance.pick(ERRORS) : mutatedStream(chance.pick(STREAMS), chance),
        chunk: chance.pick([7, 100, 5000]),
      };
    },
    judge: async (reply): Promise<Outcome> => {
      try {
        await run(reply);
      } catch (error) {
        hold(!(error instanceof Error && error.message.includes(KEY)), 'the key is shown');
        throw error;
      }
      return 'accepted';
    },
  });
}

function mutatedModels(models: string, chance: Chance): string {
  return chance.oneIn(2)
    ? mutatedText(models, PIECES, chance)
    : JSON.stringify(mutatedJson(JSON.parse(models), chance));
}

function mutatedStream(stream: string, chance: Chance): string {
  if (chance.oneIn(3)) return mutatedText(stream, PIECES, chance);
  const chunks = stream.split('\n\n');
  for (let n = chance.below(3); n >= 0; n--) {
    const at = chance.below(chunks.length);
    const json = chunks[at]!.replace(/^data: /, '');
    if (!json.startsWith('{')) continue;
    const mutated = `data: ${JSON.stringify(mutatedJson(JSON.parse(json), chance))}`;
    chunks.splice(at, 1, ...Array<string>(chance.oneIn(4) ? chance.below(40) : 1).fill(mutated));
  }
  return chunks.join('\n\n');
}

async function run({ models, status, body, chunk }: Reply): Promise<void> {
  const get: typeof fetch = (address) =>
    Promise.resolve(
      String(address).endsWith('/models')
        ? new Response(models)
        : new Response(inChunks(body, chunk), { status, headers: { 'content-type': 'text/event-stream' } }),
    );
  // Opens the first model of the list, or the one that a link names, as a visitor would.
  const model = /"id":"([^"\\]*)"/.exec(models)?.[1] ?? 'm';
  const engine = await OpenAiEngine.open(
    { baseUrl: 'http://localhost:8080/v1', key: KEY, fetch: get },
    model,
  );
  const { vocabularySize, contextLength } = engine.model;
  hold(
    [vocabularySize, contextLength].every((count) => Number.isInteger(count) && count >= 0),
    'counts are counts',
  );
  const events: TextEvent[] = [];
  const context = {
    texts: new TextsById(),
    signal: new AbortController().signal,
    onEvents: (batch: readonly TextEvent[]) => void events.push(...batch),
  } as unknown as Parameters<typeof runOnServer>[2];
  const prompt = engine.tokenizer.encode('Once upon a time');
  const { error } = await runOnServer(
    engine,
    {
      prompt,
      lanes: [{ text: 1, params: defaultParams(), stream: 0 }],
      strategy: { kind: 'sample' },
      stop: { maxTokens: MAX_TOKENS, sequences: [] },
    },
    context,
    new ServerSteps(),
  );
  hold(!error?.message.includes(KEY), 'the key is shown');
  const steps = events.flatMap((event) => (event.type === 'steps' ? event.steps : []));
  hold(steps.length <= MAX_TOKENS, `${steps.length} tokens, ${MAX_TOKENS} were asked for`);
  hold(events.filter(({ type }) => type === 'text-end').length === 1, 'the text has one end');
  for (const { record } of steps) hold(!(record.rawLogprob > 0), `a logprob of ${record.rawLogprob}`);
}

function inChunks(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, (at += size)));
      else controller.close();
    },
  });
}
