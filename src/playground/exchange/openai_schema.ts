/**
 * What OpenAI's API answers when it is asked for logprobs: chat completions (`choices[].logprobs.content`) and the older
 * completions (`choices[].logprobs.tokens`). Only what is read here; everything else is let be.
 */
import * as v from 'valibot';

/** Tokens of one answer, and candidates of one token: more than any server gives. */
const maxTokens = 131_072;
const maxTop = 100;
const maxChoices = 64;

const text = v.pipe(v.string(), v.maxLength(10_000));
const logprob = v.pipe(v.number(), v.finite());
const bytes = v.nullish(
  v.pipe(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))), v.maxLength(1_000)),
);

const scored = { token: text, logprob, bytes };

const chatToken = v.object({
  ...scored,
  top_logprobs: v.nullish(v.pipe(v.array(v.object(scored)), v.maxLength(maxTop))),
});

const chatLogprobs = v.object({ content: v.pipe(v.array(chatToken), v.maxLength(maxTokens)) });

const completionLogprobs = v.object({
  tokens: v.pipe(v.array(text), v.maxLength(maxTokens)),
  token_logprobs: v.array(v.nullable(logprob)),
  top_logprobs: v.nullish(v.array(v.nullable(v.record(text, logprob)))),
});

export const openAiSchema = v.object({
  model: v.optional(text, 'unknown model'),
  choices: v.pipe(
    v.array(
      v.object({
        finish_reason: v.nullish(text),
        logprobs: v.union([chatLogprobs, completionLogprobs]),
      }),
    ),
    v.minLength(1),
    v.maxLength(maxChoices),
  ),
});

export type OpenAiAnswer = v.InferOutput<typeof openAiSchema>;
export type ChatToken = v.InferOutput<typeof chatToken>;
export type CompletionLogprobs = v.InferOutput<typeof completionLogprobs>;
