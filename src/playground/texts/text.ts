/**
 * A text on the page: prompt tokens, output tokens, and their numbers. It is immutable. Tokens are in chunks, so that a streamed
 * token copies at most one chunk, and the page redraws and lays out at most one.
 */
import type { StopConditions, StopReason, Strategy } from '../../decoding/events.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { TokenNumbers } from '../../sampling/token_numbers.ts';
import type {
  TextEvent,
  TextId,
  TextStep,
  PromptScores,
  PromptSource,
  TokenText,
  SlotNumber,
} from '../../worker/api/worker_api.ts';
import { sameParams } from '../same_params.ts';
import type { RecordedModel } from './recorded.ts';
import { eachNumber } from './token_numbers.ts';

/** From this length on, a chunk ends before the next token that begins with a space, where the page may break the line. */
const chunkLength = 64;
/** A chunk without such a token ends at this length. */
const longestChunk = 512;

/** Consecutive tokens of a text. */
export interface Chunk {
  /** Position of the first one. */
  readonly start: number;
  readonly tokens: readonly TokenView[];
}

/** One token and its numbers; NaN where there is none. */
export interface TokenView extends TokenText, TokenNumbers {
  /** Where its text begins in the output, in UTF-16 units; −1 in the prompt. */
  readonly start: number;
}

/** What drew the tokens from a position on. */
export interface Drawn {
  readonly from: number;
  readonly params: SamplingParams;
  readonly strategy: Strategy['kind'];
}

/** What is known about a text before its first token. */
export interface TextSeed {
  readonly id: TextId;
  readonly name: string;
  readonly lane: number;
  /** Whose engine writes it; default: the page's own. */
  readonly slot?: SlotNumber;
  /** Of its newest tokens. */
  readonly params: SamplingParams;
  /** Of the generator; default 0. */
  readonly stream?: number;
  /** The model that writes it; for a text from a record, `Recorded` has it. */
  readonly model?: RecordedModel;
  /** What its prompt was made from; unknown for a text from a record. */
  readonly source?: PromptSource;
  /** What could end its newest run; unknown for a text from a record. */
  readonly stop?: StopConditions;
  /** Output indices whose token was chosen by hand. */
  readonly byHand?: readonly number[];
}

export interface PageText extends TextSeed {
  readonly parent: TextId | null;
  /** Position of the first token that is not the parent's; null if it did not branch. */
  readonly forkedAt: number | null;
  /** What drew the tokens, by position; absent if it was sampling with `params` throughout. */
  readonly drawn?: readonly Drawn[];
  readonly chunks: readonly Chunk[];
  readonly length: number;
  readonly promptLength: number;
  /** UTF-16 units of the output that may be shown. */
  readonly visible: number;
  /** UTF-16 units of the output so far. */
  readonly outputUnits: number;
  /** Null while it runs. */
  readonly reason: StopReason | null;
}

const unscored = eachNumber(() => NaN);

/** @param scores null if the engine gave none */
export function promptNumbers(scores: PromptScores | null, position: number): TokenNumbers {
  if (!scores) return unscored;
  const at = (column: Float64Array): number => column[position] ?? NaN;
  const rawLogprob = at(scores.rawLogprob);
  // Within the prompt the chain changes nothing.
  return {
    ...unscored,
    rawLogprob,
    finalLogprob: rawLogprob,
    rank: at(scores.rank),
    entropy: at(scores.entropy),
  };
}

export function promptOnly(seed: TextSeed, prompt: readonly TokenText[]): PageText {
  return {
    ...seed,
    parent: null,
    forkedAt: null,
    chunks: chunked(prompt.map((token) => ({ ...token, ...unscored, start: -1 }))),
    length: prompt.length,
    promptLength: prompt.length,
    visible: 0,
    outputUnits: 0,
    reason: null,
  };
}

/** A text that shares the first `length` tokens of `parent`. */
export function forkedText(seed: TextSeed, parent: PageText, length: number): PageText {
  const tokens = allTokens(parent).slice(0, length);
  const units = tokens.reduce((sum, token) => sum + (token.start < 0 ? 0 : token.piece.length), 0);
  const drawn = extended(drawnBy(parent), { from: length, params: seed.params, strategy: 'sample' });
  return {
    ...seed,
    ...(drawn.length === 1 && drawn[0]!.strategy === 'sample' ? {} : { drawn }),
    ...(parent.stream === undefined ? {} : { stream: parent.stream }),
    parent: parent.id,
    forkedAt: length,
    chunks: chunked(tokens),
    length,
    promptLength: parent.promptLength,
    visible: units,
    outputUnits: units,
    reason: null,
  };
}

/** The parts before `next`, then `next` if it differs from the last of them. */
function extended(before: readonly Drawn[], next: Drawn): readonly Drawn[] {
  const kept = before.filter(({ from }) => from < next.from);
  const last = kept.at(-1);
  return last?.strategy === next.strategy && sameParams(last.params, next.params) ? kept : [...kept, next];
}

/** What drew the tokens of the output, by position. */
export function drawnBy({ drawn, promptLength, params }: PageText): readonly Drawn[] {
  return drawn ?? [{ from: promptLength, params, strategy: 'sample' }];
}

export function withSteps(text: PageText, steps: readonly TextStep[]): PageText {
  const chunks = [...text.chunks];
  let { length, outputUnits, visible } = text;
  let open = chunks.pop() ?? { start: 0, tokens: [] };
  let tokens = [...open.tokens];
  for (const { record, label, kind } of steps) {
    if (closes(tokens, record.piece)) {
      chunks.push({ start: open.start, tokens });
      open = { start: length, tokens: [] };
      tokens = [];
    }
    tokens.push({
      token: record.token,
      piece: record.piece,
      label,
      kind,
      ...eachNumber((name) => record[name]),
      start: outputUnits,
    });
    outputUnits += record.piece.length;
    visible = record.visible;
    length++;
  }
  chunks.push({ start: open.start, tokens });
  return { ...text, chunks, length, outputUnits, visible };
}

/** Applies an event of its run to a text. Events about other texts change nothing. */
export function withEvent(text: PageText, event: TextEvent): PageText {
  if (event.type === 'prompt-scores') return withPromptScores(text, event.scores);
  if (event.type === 'steps' && event.text === text.id) return withSteps(text, event.steps);
  if (event.type === 'text-end' && event.text === text.id) return { ...text, reason: event.reason };
  return text;
}

/** Gives a text whose run is over a reason, if no event gave one. */
export function ended(text: PageText, reason: StopReason): PageText {
  return text.reason === null ? { ...text, reason } : text;
}

function withPromptScores(text: PageText, scores: PromptScores): PageText {
  const tokens = allTokens(text).map((token, index) =>
    index < text.promptLength ? { ...token, ...promptNumbers(scores, index) } : token,
  );
  return { ...text, chunks: chunked(tokens) };
}

export function tokenAt(text: PageText, position: number): TokenView | undefined {
  const chunk = text.chunks.findLast(({ start }) => start <= position);
  return chunk?.tokens[position - chunk.start];
}

export function allTokens(text: PageText): TokenView[] {
  return text.chunks.flatMap(({ tokens }) => tokens);
}

/** Token ids after the prompt. */
export function outputTokens(text: PageText): number[] {
  return allTokens(text)
    .slice(text.promptLength)
    .map(({ token }) => token);
}

/** The prompt as text, without control tokens. */
export function promptText(text: PageText): string {
  return allTokens(text)
    .slice(0, text.promptLength)
    .filter(({ kind }) => kind !== 'control')
    .map(({ piece }) => piece)
    .join('');
}

/** The output as text, without a held-back stop sequence. */
export function outputText(text: PageText): string {
  const whole = allTokens(text)
    .slice(text.promptLength)
    .map((token) => token.piece)
    .join('');
  return whole.slice(0, text.visible);
}

export function chunked(tokens: readonly TokenView[]): Chunk[] {
  const chunks: Chunk[] = [];
  let start = 0;
  tokens.forEach((token, index) => {
    if (!closes(tokens.slice(start, index), token.piece)) return;
    chunks.push({ start, tokens: tokens.slice(start, index) });
    start = index;
  });
  return [...chunks, { start, tokens: tokens.slice(start) }];
}

/** Whether a chunk is long enough and the line may break before the next token. */
function closes(tokens: readonly TokenView[], nextPiece: string): boolean {
  if (tokens.length < chunkLength) return false;
  return tokens.length >= longestChunk || /^\s/.test(nextPiece) || tokens.at(-1)!.piece.endsWith('\n');
}
