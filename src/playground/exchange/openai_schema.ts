/**
 * OpenAI's answers with logprobs: chat completions (`choices[].logprobs.content`) and the older completions
 * (`choices[].logprobs.tokens`). The schema has only what the page reads.
 */
import * as v from 'valibot';
import { logprob, maxTexts, maxTokenBytes, maxTokens, maxTop, name, tokenText } from '../record/bounds.ts';

const bytes = v.nullish(
  v.pipe(
    v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))),
    v.maxLength(maxTokenBytes),
  ),
);

const scored = { token: tokenText, logprob, bytes };

const chatToken = v.object({
  ...scored,
  // This page writes null for a token without a number.
  logprob: v.nullable(logprob),
  top_logprobs: v.nullish(v.pipe(v.array(v.object(scored)), v.maxLength(maxTop))),
});

const chatLogprobs = v.object({ content: v.pipe(v.array(chatToken), v.maxLength(maxTokens)) });

const completionTop = v.pipe(v.record(tokenText, logprob), v.maxEntries(maxTop));

const completionLogprobs = v.object({
  tokens: v.pipe(v.array(tokenText), v.maxLength(maxTokens)),
  token_logprobs: v.pipe(v.array(v.nullable(logprob)), v.maxLength(maxTokens)),
  top_logprobs: v.nullish(v.pipe(v.array(v.nullable(completionTop)), v.maxLength(maxTokens))),
});

export const openAiSchema = v.object({
  id: v.nullish(v.string()),
  object: v.nullish(v.string()),
  model: v.optional(name, 'unknown model'),
  usage: v.nullish(v.object({ completion_tokens: v.pipe(v.number(), v.integer(), v.minValue(0)) })),
  choices: v.pipe(
    v.array(
      v.object({
        finish_reason: v.nullish(name),
        logprobs: v.union([chatLogprobs, completionLogprobs]),
      }),
    ),
    v.minLength(1),
    v.maxLength(maxTexts),
  ),
});

export type OpenAiAnswer = v.InferOutput<typeof openAiSchema>;
export type ChatToken = v.InferOutput<typeof chatToken>;
export type CompletionLogprobs = v.InferOutput<typeof completionLogprobs>;
