/** A run on a server, which samples and sends each token with the logprobs of the likeliest few. */
import type { RunResult, StopReason } from '../../decoding/events.ts';
import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { OpenAiEngine } from '../../engines/openai/engine.ts';
import type { DrawnToken, Piece } from '../../engines/openai/replies.ts';
import { activeGrammar } from '../../sampling/params.ts';
import type { TextEvent, RunRequest } from '../api/worker_api.ts';
import { batched } from '../texts/event_batch.ts';
import type { HeldText } from '../texts/texts_by_id.ts';
import type { RunContext } from '../texts/run_texts.ts';
import { serverFields } from './server_parameters.ts';
import type { ServerSteps } from './server_steps.ts';
import { ServerText } from './server_text.ts';

type ServerRunContext = Pick<RunContext, 'texts' | 'signal' | 'onEvents'>;

/**
 * One lane, sampled by the server.
 * @returns the result; after a lost connection, the result so far with its error
 * @throws EngineError `not-supported` for what a server cannot do, `empty-prompt`
 */
export async function runOnServer(
  engine: OpenAiEngine,
  request: RunRequest,
  context: ServerRunContext,
  steps: ServerSteps,
): Promise<RunResult> {
  const [lane] = request.lanes;
  if (!lane || request.lanes.length > 1 || !['sample', 'greedy'].includes(request.strategy.kind)) {
    throw new EngineError(
      'not-supported',
      `${engine.host} draws one text at a time; lanes, beams and many samples need a model that runs in this browser.`,
    );
  }
  if (activeGrammar(lane.params)) {
    throw new EngineError(
      'not-supported',
      `${engine.host} samples by itself and cannot be held to a grammar from here; set the output to “free”.`,
    );
  }
  const { held, chosen } = beginText(engine, request, context, steps);
  const events = batched<TextEvent>(context.onEvents);
  const started = performance.now();
  let first = 0;
  /** The server's own count of tokens, if it gives one; it may send fewer than it counts. */
  let counted: number | null = null;
  let reason: StopReason = 'max-tokens';
  let error: RunResult['error'] = null;
  const text = new ServerText(
    engine.tokenizer,
    held,
    steps,
    (step) => events.push({ type: 'steps', text: lane.text, steps: [step] }),
    request.stop.sequences,
  );
  if (chosen) text.append(chosen);

  try {
    const pieces = engine.generate(held.tokens, {
      maxTokens: request.stop.maxTokens,
      parameters: serverFields(lane.params, engine.ownedBy, request.strategy.kind === 'greedy'),
      signal: context.signal,
    });
    // llama.cpp's server draws one token even if asked for none.
    for await (const piece of request.stop.maxTokens === 0 || text.stopped ? [] : pieces) {
      first ||= performance.now();
      counted = piece.counted ?? counted;
      const tokens = tokensOf(piece);
      // Some servers send more tokens than asked for.
      const room = request.stop.maxTokens - (text.drawn - (chosen ? 1 : 0));
      for (const token of tokens.slice(0, room)) if (!text.stopped) text.append(token);
      // Leaving the loop ends the request, which stops the server.
      if (text.stopped || tokens.length > room) break;
      if (piece.finish !== null) reason = reasonOf(piece.finish, counted, request.stop.maxTokens);
    }
    if (text.stopped) reason = 'stop-sequence';
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    if (text.drawn === 0 && cause.code !== 'aborted') throw cause;
    reason = cause.code === 'aborted' ? 'stopped' : 'error';
    if (reason === 'error') error = { code: cause.code, message: cause.message };
  } finally {
    text.end();
    events.push({ type: 'text-end', text: lane.text, reason });
    events.flush();
  }
  const ended = performance.now();
  return {
    branches: [],
    winner: null,
    ranking: [],
    votes: [],
    timing: {
      promptTokens: held.promptLength,
      reusedTokens: 0,
      prefillMs: (first || ended) - started,
      steps: counted ?? text.drawn,
      tokens: counted ?? text.drawn,
      decodeMs: first ? ended - first : 0,
      samplingMs: 0,
    },
    error,
  };
}

/** A server without logprobs sends only text: each piece of it becomes one token without figures. */
function tokensOf({ text, tokens }: Piece): readonly DrawnToken[] {
  if (tokens.length > 0 || text === '') return tokens;
  return [{ id: null, text, bytes: null, logprob: null, top: [] }];
}

function reasonOf(finish: string, counted: number | null, maxTokens: number): StopReason {
  if (finish !== 'length') return 'end-of-generation';
  return counted !== null && counted < maxTokens ? 'context-full' : 'max-tokens';
}

/** @returns the text so far, and the token that a person chose to follow it, with its logprobs from the server */
function beginText(
  engine: OpenAiEngine,
  { lanes, prompt, from }: RunRequest,
  { texts }: ServerRunContext,
  steps: ServerSteps,
): { held: HeldText; chosen: DrawnToken | null } {
  const { text, stream } = lanes[0]!;
  const parent = from ? texts.require(from.text) : null;
  const promptLength = parent?.promptLength ?? prompt.length;
  const tokens: TokenId[] = parent ? parent.tokens.slice(0, promptLength + from!.outputs) : [...prompt];
  if (tokens.length === 0) throw new EngineError('empty-prompt', 'The prompt is empty; type a word or two.');
  engine.tokenizer.keep(tokens);
  const byHand = new Set([...(parent?.byHand ?? [])].filter((output) => output < from!.outputs));
  let chosen: DrawnToken | null = null;
  if (parent && from?.token !== undefined) {
    chosen = steps.told(parent, tokens.length, from.token, engine.tokenizer);
    if (!chosen) {
      throw new EngineError(
        'not-supported',
        `A token chosen by hand needs its logprob, and ${engine.host} gives only those of its likeliest tokens; choose one that it lists.`,
      );
    }
    byHand.add(from.outputs);
  }
  const held = texts.hold(text, { tokens, promptLength, stream, byHand });
  if (parent) steps.share(parent, held, tokens.length);
  return { held, chosen };
}
