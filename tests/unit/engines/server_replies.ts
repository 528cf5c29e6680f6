/**
 * Replies in the forms that four kinds of server give them, with the quirks of each. Written down from their sources and
 * documentation (llama.cpp tools/server, vLLM entrypoints/openai, Ollama openai/, LM Studio's OpenAI endpoints).
 */

const events = (...chunks: unknown[]): string =>
  [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}`), 'data: [DONE]'].join('\n\n') + '\n\n';

const bytesOf = (text: string): number[] => [...new TextEncoder().encode(text)];

/** llama.cpp: bytes and token ids, the chat form of logprobs for plain completions too, timings at the end. */
const llamaToken = (id: number, token: string, logprob: number, bytes = bytesOf(token)) => ({
  id,
  token,
  bytes,
  logprob,
});
const llamaChunk = (text: string, drawn: ReturnType<typeof llamaToken>, top: unknown[]) => ({
  choices: [
    { text, index: 0, logprobs: { content: [{ ...drawn, top_logprobs: top }] }, finish_reason: null },
  ],
  created: 1763678000,
  model: 'stories',
  system_fingerprint: 'b6900',
  object: 'text_completion',
  id: 'chatcmpl-1',
});
export const llamaCpp = events(
  llamaChunk(' there', llamaToken(727, ' there', -0.105), [
    llamaToken(727, ' there', -0.105),
    llamaToken(263, ' a', -2.5),
    llamaToken(262, ' the', -4.2),
  ]),
  // Half of "é": the text waits for the other half, the bytes do not.
  llamaChunk('', llamaToken(195, '\ufffd', -1.2, [0xc3]), [
    llamaToken(263, ' a', -0.7),
    llamaToken(195, '\ufffd', -1.2, [0xc3]),
  ]),
  llamaChunk('é', llamaToken(169, '\ufffd', -0.01, [0xa9]), [llamaToken(169, '\ufffd', -0.01, [0xa9])]),
  {
    choices: [{ text: '', index: 0, logprobs: null, finish_reason: 'length' }],
    usage: { completion_tokens: 3, prompt_tokens: 4, total_tokens: 7 },
    timings: { prompt_n: 4, predicted_n: 3 },
  },
);

/** vLLM, plain: three lists; the drawn token is listed beside the n likeliest; −9999 stands for −∞; usage without choices. */
export const vllm = events(
  {
    id: 'cmpl-1',
    object: 'text_completion',
    model: 'm',
    choices: [
      {
        index: 0,
        text: ' Paris',
        logprobs: {
          text_offset: [0],
          token_logprobs: [-3.1],
          tokens: [' Paris'],
          top_logprobs: [{ ' Paris': -3.1, ' the': -0.3, ' a': -1.9, ' zzz': -9999.0 }],
        },
        finish_reason: null,
        stop_reason: null,
      },
    ],
  },
  {
    id: 'cmpl-1',
    choices: [
      {
        index: 0,
        text: '.',
        logprobs: {
          text_offset: [6],
          token_logprobs: [-0.5],
          tokens: ['.'],
          top_logprobs: [{ '.': -0.5 }],
        },
        finish_reason: 'stop',
        stop_reason: null,
      },
    ],
  },
  { id: 'cmpl-1', choices: [], usage: { prompt_tokens: 5, total_tokens: 7, completion_tokens: 2 } },
);

/** Ollama, chat: a role first, several tokens in one chunk, an empty finish_reason, no bytes for some. */
export const ollama = events(
  {
    id: 'chatcmpl-9',
    object: 'chat.completion.chunk',
    system_fingerprint: 'fp_ollama',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }],
  },
  {
    id: 'chatcmpl-9',
    choices: [
      {
        index: 0,
        delta: { role: 'assistant', content: 'Hi there' },
        finish_reason: '',
        logprobs: {
          content: [
            { token: 'Hi', logprob: -0.3, bytes: [72, 105], top_logprobs: [{ token: 'Hi', logprob: -0.3 }] },
            { token: ' there', logprob: -0.9, top_logprobs: null },
          ],
        },
      },
    ],
  },
  {
    id: 'chatcmpl-9',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: 'stop' }],
  },
);

/** LM Studio: logprobs are promised by the interface and are null. */
export const lmStudio = events(
  {
    id: 'x',
    choices: [
      { index: 0, delta: { role: 'assistant', content: 'Hello' }, logprobs: null, finish_reason: null },
    ],
  },
  { id: 'x', choices: [{ index: 0, delta: { content: ' you' }, logprobs: null, finish_reason: null }] },
  { id: 'x', choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] },
);

export const models = {
  llamaCpp: {
    models: [{ name: 'stories', model: 'stories' }],
    object: 'list',
    data: [
      {
        id: 'stories',
        object: 'model',
        owned_by: 'llamacpp',
        meta: { vocab_type: 1, n_vocab: 512, n_ctx_train: 128, n_embd: 64, n_params: 293120, size: 1185376 },
      },
    ],
  },
  vllm: {
    object: 'list',
    data: [{ id: 'Qwen/Qwen2.5-0.5B', object: 'model', owned_by: 'vllm', max_model_len: 32768 }],
  },
  ollama: { object: 'list', data: [{ id: 'qwen3:0.6b', object: 'model', created: 1, owned_by: 'library' }] },
  lmStudio: { data: [{ id: 'qwen3-0.6b', object: 'model', owned_by: 'organization_owner' }], object: 'list' },
} as const;
