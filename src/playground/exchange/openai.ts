/** Converts to and from OpenAI's format of answers with logprobs. Logprobs are natural logs before any sampling on both sides. */
import type { StopReason } from '../../decoding/events.ts';
import { neutralParams } from '../../sampling/parameter_table.ts';
import type { DocumentText, DocumentToken, RunDocument, RunRecord } from '../record/document.ts';
import { recordedNumbers } from '../record/document_text.ts';
import { outputOf, textOf } from './text.ts';
import type { ChatToken, CompletionLogprobs, OpenAiAnswer } from './openai_schema.ts';

const finishReasons: Readonly<Partial<Record<StopReason, string>>> = {
  'end-of-generation': 'stop',
  'stop-sequence': 'stop',
  'max-tokens': 'length',
  'context-full': 'length',
};

/** The id of a file that this page made. */
const madeHere = 'logitscope';

/** A completion with one choice per text: the answer of a chat, or prompt and output of a text, as `echo` gives them. */
export function toOpenAi({ lines: texts, model, savedAt, settings }: RunDocument): unknown {
  const chat = settings.mode === 'chat';
  const promptTokens = texts.reduce((sum, { promptLength }) => sum + promptLength, 0);
  const all = texts.reduce((sum, { tokens }) => sum + tokens.length, 0);
  return {
    id: madeHere,
    object: chat ? 'chat.completion' : 'text_completion',
    created: Math.floor(Date.parse(savedAt) / 1000),
    model: model.name,
    choices: texts.map((text, index) => ({
      index,
      ...(chat ? chatChoice(text) : textChoice(text)),
      finish_reason: finishReasons[text.reason] ?? text.reason,
    })),
    usage: { prompt_tokens: promptTokens, completion_tokens: all - promptTokens, total_tokens: all },
  };
}

function chatChoice({ tokens, promptLength, visible }: DocumentText): object {
  const output = tokens.slice(promptLength);
  return {
    message: { role: 'assistant', content: textOf(output).slice(0, visible), refusal: null },
    logprobs: { content: output.map(scoredToken), refusal: null },
  };
}

function textChoice(text: DocumentText): object {
  const { tokens } = text;
  const tops = tokens.map(({ top }) =>
    top.length === 0 ? null : Object.fromEntries(top.map(({ label, rawLogprob }) => [label, rawLogprob])),
  );
  return {
    text: outputOf(text),
    logprobs: {
      tokens: tokens.map(({ label }) => label),
      token_logprobs: tokens.map(({ rawLogprob }) => rawLogprob),
      top_logprobs: tops,
    },
  };
}

function scoredToken(token: DocumentToken): unknown {
  return {
    ...scored(token.label, token.rawLogprob, token.text === token.label),
    top_logprobs: token.top.map(({ label, rawLogprob }) => scored(label, rawLogprob, false)),
  };
}

/** `bytes` is null if the label may differ from the token's own bytes. */
function scored(label: string, logprob: number | null, whole: boolean): object {
  return { token: label, logprob, bytes: whole ? [...new TextEncoder().encode(label)] : null };
}

/**
 * A record of an answer from another program. The answer has no token ids and no parameters: ids are numbered in order of appearance,
 * parameters are neutral, and unknown numbers are null.
 */
export function fromOpenAi({ id, object, model, choices, usage }: OpenAiAnswer): RunRecord {
  const ids = new Map<string, number>();
  const idOf = (token: string): number => {
    const known = ids.get(token);
    if (known !== undefined) return known;
    ids.set(token, ids.size);
    return ids.size - 1;
  };
  const texts = choices.map(({ logprobs, finish_reason }, index): DocumentText => {
    const tokens =
      'content' in logprobs ? chatTokens(logprobs.content, idOf) : completionTokens(logprobs, idOf);
    // Only for a single choice is the end of the echoed prompt known.
    const echoed = tokens.length - (usage?.completion_tokens ?? tokens.length);
    const promptLength = object === 'text_completion' && choices.length === 1 ? Math.max(0, echoed) : 0;
    return {
      name: choices.length === 1 ? model.slice(0, 40) : `${model.slice(0, 36)} ${index + 1}`,
      lane: index,
      parent: null,
      forkedAt: null,
      params: neutralParams(),
      drawn: [],
      stream: 0,
      byHand: [],
      promptLength,
      visible: textOf(tokens.slice(promptLength)).length,
      reason:
        finish_reason === 'stop'
          ? 'end-of-generation'
          : finish_reason === 'length'
            ? 'max-tokens'
            : 'stopped',
      tokens,
    };
  });
  return {
    model: { name: model, fileSize: 0, vocabularySize: 0, sha256: null },
    engine: id === madeHere ? { kind: 'unknown', adapter: '' } : { kind: 'openai', adapter: '' },
    strategy: 'sample',
    lines: texts,
    comparison: null,
    current: 0,
    selected: null,
  };
}

function chatTokens(content: readonly ChatToken[], idOf: (token: string) => number): DocumentToken[] {
  const decoder = new TextDecoder();
  return content.map(({ token, logprob, bytes, top_logprobs }) => ({
    ...unknown(idOf(token), token, logprob),
    text: bytes ? decoder.decode(Uint8Array.from(bytes), { stream: true }) : token,
    ...ranked(
      token,
      (top_logprobs ?? []).map((entry) => [entry.token, entry.logprob] as const),
      idOf,
    ),
  }));
}

function completionTokens(
  { tokens, token_logprobs, top_logprobs }: CompletionLogprobs,
  idOf: (token: string) => number,
): DocumentToken[] {
  return tokens.map((token, index) => ({
    ...unknown(idOf(token), token, token_logprobs[index] ?? null),
    ...ranked(token, Object.entries(top_logprobs?.[index] ?? {}), idOf),
  }));
}

function unknown(id: number, label: string, rawLogprob: number | null): Omit<DocumentToken, 'top' | 'rank'> {
  return {
    id,
    label,
    text: label,
    kind: 'normal',
    // The answer does not say what sampling did.
    ...recordedNumbers(() => null),
    rawLogprob,
  };
}

function ranked(
  token: string,
  candidates: readonly (readonly [token: string, logprob: number])[],
  idOf: (token: string) => number,
): Pick<DocumentToken, 'top' | 'rank'> {
  const sorted = [...candidates].sort((a, b) => b[1] - a[1]);
  const index = sorted.findIndex(([label]) => label === token);
  return {
    rank: index < 0 ? null : index + 1,
    // With neutral parameters the final distribution is the raw one.
    top: sorted.map(([label, rawLogprob]) => ({
      id: idOf(label),
      label,
      rawLogprob,
      finalLogprob: rawLogprob,
    })),
  };
}
