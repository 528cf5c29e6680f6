/**
 * Replies of four kinds of server, with the quirks of each. Those of llama.cpp are recorded from a real one
 * (tests/reference/record_server_replies.ts). Those of vLLM, Ollama and LM Studio are written by hand from their
 * sources and documentation (vLLM entrypoints/openai, Ollama openai/, LM Studio's OpenAI endpoints); they were never compared
 * with a real server.
 */
import recording from './recorded/llama_cpp.json' with { type: 'json' };

const events = (...chunks: unknown[]): string =>
  [...chunks.map((chunk) => `data: ${JSON.stringify(chunk)}`), 'data: [DONE]'].join('\n\n') + '\n\n';

/** The recorded answers of llama.cpp's server; the requests are beside the replies. */
export const llamaCpp = recording.replies;

/** vLLM, plain: three lists, the drawn token beside the n likeliest, −9999 for −∞, and usage without choices. */
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

/** LM Studio: the interface promises logprobs, but they are null. */
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
  llamaCpp: JSON.parse(recording.replies.models.body) as { data: [{ id: string }] },
  vllm: {
    object: 'list',
    data: [{ id: 'Qwen/Qwen2.5-0.5B', object: 'model', owned_by: 'vllm', max_model_len: 32768 }],
  },
  ollama: { object: 'list', data: [{ id: 'qwen3:0.6b', object: 'model', created: 1, owned_by: 'library' }] },
  lmStudio: { data: [{ id: 'qwen3-0.6b', object: 'model', owned_by: 'organization_owner' }], object: 'list' },
} as const;
