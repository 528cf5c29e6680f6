import * as v from 'valibot';
import { EngineError } from '../contract.ts';

/** A token as a server reports it. */
export interface ServerToken {
  /** In the server's vocabulary; null if the server does not report it. */
  readonly id: number | null;
  readonly text: string;
  /** Null if the server reports only the text. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** Natural log; null if the server reports none. */
  readonly logprob: number | null;
}

/** A drawn token with its alternatives, most likely first. */
export interface DrawnToken extends ServerToken {
  /** As many as the server reported; may be empty, and need not include the drawn token. */
  readonly top: readonly (ServerToken & { readonly logprob: number })[];
}

export interface Piece {
  readonly text: string;
  readonly tokens: readonly DrawnToken[];
  /** `stop`, `length` …; null while the text continues. */
  readonly finish: string | null;
  /** Tokens drawn so far, by the server's own count; null if the server does not report it. */
  readonly counted: number | null;
}

/** The server that a reply comes from. */
export interface Speaker {
  readonly host: string;
  /** The visitor's key. A server may repeat it in a message, but the page never shows it. */
  readonly key: string | undefined;
}

export interface ServerModel {
  /** The name that requests use. */
  readonly id: string;
  /** The name that the page shows: llama.cpp names a model by the whole path of its file, which is private. */
  readonly name: string;
  /** The owner that the server states; it tells one kind of server from another. */
  readonly ownedBy: string | null;
  /** Tokens; null if the server does not report it. */
  readonly contextLength: number | null;
  /** Entries of its vocabulary; null if the server does not report it. */
  readonly vocabularySize: number | null;
}

const bytesSchema = v.nullish(v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255))));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const alternativeSchema = v.object({
  id: v.nullish(count),
  token: v.string(),
  logprob: v.nullish(v.number()),
  bytes: bytesSchema,
});
/** Format of chat servers, and of llama.cpp for plain completions too. */
const contentSchema = v.object({
  content: v.nullish(
    v.array(v.object({ ...alternativeSchema.entries, top_logprobs: v.nullish(v.array(alternativeSchema)) })),
  ),
});
/** The older format of plain completions, used by vLLM. */
const listsSchema = v.object({
  tokens: v.array(v.string()),
  token_logprobs: v.nullish(v.array(v.nullable(v.number()))),
  top_logprobs: v.nullish(v.array(v.nullable(v.record(v.string(), v.number())))),
});
const choiceSchema = v.object({
  text: v.nullish(v.string()),
  delta: v.nullish(v.object({ content: v.nullish(v.string()), reasoning_content: v.nullish(v.string()) })),
  finish_reason: v.nullish(v.string()),
  logprobs: v.nullish(v.union([listsSchema, contentSchema])),
});
const chunkSchema = v.object({
  choices: v.array(choiceSchema),
  /** Sent by llama.cpp in each chunk on request. */
  timings: v.nullish(v.object({ predicted_n: v.nullish(count) })),
});
export const errorSchema = v.object({
  error: v.union([v.string(), v.object({ message: v.string() })]),
});

/** Maximum of alternatives kept per token: several times what we request from any server. */
const MOST_TOP = 100;

/** Stands for −∞, because JSON has no infinities: vLLM's value, and above llama.cpp's, the lowest number in single precision. */
const MINUS_INFINITY = -9999;

/**
 * Reads one chunk of a stream.
 * @returns null for a chunk without text: usage, timings, a role
 * @throws EngineError `bad-reply` for an error in the stream, with the server's own words, or for an unreadable chunk
 */
export function readChunk(json: string, speaker: Speaker): Piece | null {
  const { host } = speaker;
  const value = parseJson(json, host);
  const failure = v.safeParse(errorSchema, value);
  if (failure.success) {
    throw new EngineError('bad-reply', `${host} broke off: ${messageOf(failure.output, speaker)}`);
  }
  const parsed = v.safeParse(chunkSchema, value);
  if (!parsed.success) throw nonsense(host, json);
  const choice = parsed.output.choices[0];
  if (!choice) return null;
  const text = choice.text ?? choice.delta?.content ?? choice.delta?.reasoning_content ?? '';
  const tokens = tokensOf(choice.logprobs ?? null);
  const finish = choice.finish_reason || null;
  if (text === '' && tokens.length === 0 && finish === null) return null;
  return { text, tokens, finish, counted: parsed.output.timings?.predicted_n ?? null };
}

function tokensOf(logprobs: v.InferOutput<typeof choiceSchema>['logprobs'] | null): DrawnToken[] {
  if (!logprobs) return [];
  if ('tokens' in logprobs) return fromLists(logprobs);
  return (logprobs.content ?? []).map((drawn) => ({
    ...serverToken(drawn),
    top: (drawn.top_logprobs ?? [])
      .map(serverToken)
      .filter(hasLogprob)
      .sort(likeliestFirst)
      .slice(0, MOST_TOP),
  }));
}

function fromLists({
  tokens,
  token_logprobs,
  top_logprobs,
}: v.InferOutput<typeof listsSchema>): DrawnToken[] {
  return tokens.map((text, i) => ({
    id: null,
    text,
    bytes: null,
    logprob: finite(token_logprobs?.[i]),
    top: Object.entries(top_logprobs?.[i] ?? {})
      .map(([token, logprob]) => ({ id: null, text: token, bytes: null, logprob: finite(logprob) }))
      .filter(hasLogprob)
      .sort(likeliestFirst)
      .slice(0, MOST_TOP),
  }));
}

function serverToken({ id, token, logprob, bytes }: v.InferOutput<typeof alternativeSchema>): ServerToken {
  return {
    id: id ?? null,
    text: token,
    bytes: bytes ? Uint8Array.from(bytes) : null,
    logprob: finite(logprob),
  };
}

function finite(logprob: number | null | undefined): number | null {
  if (logprob === null || logprob === undefined || !Number.isFinite(logprob)) return null;
  return logprob <= MINUS_INFINITY ? -Infinity : Math.min(0, logprob);
}

function hasLogprob<T extends ServerToken>(token: T): token is T & { logprob: number } {
  return token.logprob !== null;
}

function likeliestFirst(a: { logprob: number }, b: { logprob: number }): number {
  return b.logprob - a.logprob;
}

/** A refusal with a status, in the server's own words if it gives any. */
export function refusal(status: number, body: string, { host, key }: Speaker): EngineError {
  const hints: Readonly<Record<number, string>> = {
    401: 'it wants a key, or refuses this one',
    403: 'it refuses this key',
    404: 'there is no such address or model there; the base URL usually ends in /v1',
    429: 'too many requests were made; wait a little',
  };
  const said = v.safeParse(errorSchema, tryJson(body));
  const detail = v.safeParse(v.object({ detail: v.string() }), tryJson(body));
  const why = said.success
    ? messageText(said.output)
    : detail.success
      ? detail.output.detail
      : (hints[status] ?? (status >= 500 ? 'it has a fault; try again later' : 'it does not say why'));
  return new EngineError('bad-reply', `${host} answered ${status}: ${sentence(why, key)}`);
}

export function messageOf(said: ErrorReply, { key }: Speaker): string {
  return sentence(messageText(said), key);
}

type ErrorReply = v.InferOutput<typeof errorSchema>;

function messageText({ error }: ErrorReply): string {
  return typeof error === 'string' ? error : error.message;
}

/** Shows a server's words as they are, but limits their length and hides the key. */
function sentence(words: string, key: string | undefined): string {
  const own = key === undefined ? words : words.replaceAll(key, '[key]');
  const plain = own.replace(/\s+/g, ' ').trim().slice(0, 300);
  return /[.!?]$/.test(plain) ? plain : `${plain}.`;
}

export function parseJson(json: string, host: string): unknown {
  const value = tryJson(json);
  if (value === undefined) throw nonsense(host, json);
  return value;
}

function tryJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

export function nonsense(host: string, body: string): EngineError {
  const what = /^\s*</.test(body) ? 'a web page' : 'something';
  return new EngineError(
    'bad-reply',
    `${host} answered with ${what} that is not a reply of an OpenAI-compatible server; check the base URL, which usually ends in /v1.`,
  );
}
