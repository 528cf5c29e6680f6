/**
 * Records the answers of a real llama.cpp server for tests/unit/engines. Run it in this folder:
 * `npm install --ignore-scripts && LLAMA_SERVER=/path/of/llama-server npm run server`.
 * The present recording comes from llama.cpp 0.7.0 (build 11669, Debian's llama.cpp-tools 1:0.7.0+dfsg-2, CPU).
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { findLlamaServer, HOW_TO_GET_ONE, startLlamaServer } from '../setup/llama_server.ts';

const found = findLlamaServer();
if (!found) throw new Error(HOW_TO_GET_ONE);
const KEY = 'the-right-key';
const server = await startLlamaServer(found.program, ['-c', '256', '-np', '1', '--api-key', KEY]);

async function ask(path: string, body?: Record<string, unknown>, key = KEY) {
  const response = await fetch(server.baseUrl + path, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  });
  const type = response.headers.get('content-type') ?? '';
  return { path, request: body ?? null, status: response.status, type, body: await response.text() };
}

const text = (prompt: string, more: Record<string, unknown>) =>
  ask('/completions', {
    prompt,
    stream: true,
    temperature: 0,
    logprobs: 3,
    timings_per_token: true,
    ...more,
  });

const replies = {
  models: await ask('/models'),
  text: await text('Once upon a time', { max_tokens: 3 }),
  chat: await ask('/chat/completions', {
    messages: [{ role: 'user', content: 'Tell me a story' }],
    max_tokens: 2,
    stream: true,
    temperature: 0,
    logprobs: true,
    top_logprobs: 3,
    timings_per_token: true,
  }),
  /** Characters of two and four tokens, none of them among the likeliest; then the end of the text. */
  bytes: await text('Once upon a time', { max_tokens: 30, grammar: 'root ::= " né🦊"' }),
  /** Ends within a character. */
  halfCharacter: await text('Once upon a time', { max_tokens: 4, grammar: 'root ::= " n🦊"' }),
  /** The server holds text back, sends it with a later token, and cuts it. */
  stop: await text('Once upon a time', { max_tokens: 10, stop: ['here wasx', 'was a'] }),
  contextFull: await text('the cat '.repeat(126).trim(), { max_tokens: 50 }),
  wrongKey: await ask('/models', undefined, 'another-key'),
  tooLong: await text('the cat '.repeat(200), { max_tokens: 3 }),
  badParameter: await text('Once', { max_tokens: 3, repeat_last_n: -1 }),
  noSuchPath: await ask('/nothing'),
};
await server.stop();
const path = fileURLToPath(new URL('../unit/engines/recorded/llama_cpp.json', import.meta.url));
await writeFile(path, await format(JSON.stringify({ version: found.version, replies }), { parser: 'json' }));
