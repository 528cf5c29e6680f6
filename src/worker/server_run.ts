/** A run on a server: it samples there, and each token comes with the logprobs of the likeliest few. */
import type { RunResult, StepRecord, StopReason } from '../decoding/events.ts';
import { EngineError, type TokenId } from '../engines/contract.ts';
import type { OpenAiEngine } from '../engines/openai/engine.ts';
import type { DrawnToken, Piece } from '../engines/openai/replies.ts';
import { activeGrammar } from '../sampling/params.ts';
import type { LineEvent, RunRequest } from './api.ts';
import { batched } from './event_batch.ts';
import type { HeldLine } from './held_lines.ts';
import type { RunContext } from './run_lines.ts';
import { serverParameters } from './server_parameters.ts';
import type { ServerSteps } from './server_steps.ts';

/**
 * One lane, sampled by the server.
 * @returns what there is, also after a cut: then with its error
 * @throws EngineError `not-supported` for what a server cannot do, `empty-prompt`
 */
export async function runOnServer(
  engine: OpenAiEngine,
  request: RunRequest,
  context: RunContext,
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
  const line = beginLine(engine, request, context, steps);
  const events = batched<LineEvent>(context.onEvents);
  const started = performance.now();
  let first = 0;
  let drawn = 0;
  let units = engine.tokenizer.decode(line.tokens.slice(line.promptLength)).length;
  let surprisal = 0;
  let reason: StopReason = 'max-tokens';
  let error: RunResult['error'] = null;
  const decoder = engine.tokenizer.decoder();

  function append(token: DrawnToken, piece: string): void {
    const id = engine.tokenizer.idOf(token);
    const position = line.tokens.length;
    line.tokens.push(id);
    steps.put(line, position, token);
    units += piece.length;
    const logprob = token.logprob ?? NaN;
    surprisal -= logprob;
    drawn++;
    const rank = token.top.findIndex(({ text }) => text === token.text);
    const record: StepRecord = {
      branch: 0,
      position,
      token: id,
      piece,
      visible: units,
      rawLogprob: logprob,
      // What the server's own chain made of it, it does not tell; nor anything of the tokens that it does not list.
      finalLogprob: NaN,
      rank: rank < 0 ? NaN : rank + 1,
      entropy: NaN,
      finalEntropy: NaN,
      surprisal: -logprob,
      perplexity: Math.exp(surprisal / drawn),
      kept: NaN,
      u: null,
      stages: [],
    };
    const label = engine.tokenizer.label(id);
    events.push({ type: 'steps', line: lane!.line, steps: [{ record, label, kind: 'normal' }] });
  }

  try {
    const pieces = engine.generate(line.tokens, {
      maxTokens: request.stop.maxTokens,
      stop: request.stop.sequences,
      parameters: {
        ...serverParameters(lane.params, engine.ownedBy),
        ...(request.strategy.kind === 'greedy' ? { temperature: 0 } : {}),
      },
      signal: context.signal,
    });
    for await (const piece of pieces) {
      first ||= performance.now();
      for (const token of tokensOf(piece)) append(token, decoder.push(engine.tokenizer.idOf(token)));
      if (piece.finish !== null) reason = reasonOf(piece.finish, request);
    }
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    if (drawn === 0 && cause.code !== 'aborted') throw cause;
    reason = cause.code === 'aborted' ? 'stopped' : 'error';
    if (reason === 'error') error = { code: cause.code, message: cause.message };
  } finally {
    events.push({ type: 'line-end', line: lane.line, reason });
    events.flush();
  }
  const ended = performance.now();
  return {
    branches: [],
    winner: null,
    ranking: [],
    votes: [],
    timing: {
      promptTokens: line.promptLength,
      reusedTokens: 0,
      prefillMs: (first || ended) - started,
      steps: drawn,
      tokens: drawn,
      decodeMs: first ? ended - first : 0,
      samplingMs: 0,
    },
    error,
  };
}

/** A server without logprobs gives text alone: each piece of it stands as one token without numbers. */
function tokensOf({ text, tokens }: Piece): readonly DrawnToken[] {
  if (tokens.length > 0 || text === '') return tokens;
  return [{ text, bytes: null, logprob: null, top: [] }];
}

function reasonOf(finish: string, request: RunRequest): StopReason {
  if (finish === 'length') return 'max-tokens';
  // `stop` means an end token or a stop sequence, and the server does not say which.
  return request.stop.sequences.length > 0 ? 'stop-sequence' : 'end-of-generation';
}

function beginLine(
  engine: OpenAiEngine,
  request: RunRequest,
  { lines }: RunContext,
  steps: ServerSteps,
): HeldLine {
  const { line, stream } = request.lanes[0]!;
  const parent = request.from ? lines.require(request.from.line) : null;
  const promptLength = parent?.promptLength ?? request.prompt.length;
  const tokens: TokenId[] = parent
    ? parent.tokens.slice(0, promptLength + request.from!.outputs)
    : [...request.prompt];
  if (tokens.length === 0) throw new EngineError('empty-prompt', 'The prompt is empty; type a word or two.');
  if (request.from?.token !== undefined) {
    throw new EngineError(
      'not-supported',
      `A token chosen by hand needs its logprob, which ${engine.host} tells only of what it draws; continue without choosing.`,
    );
  }
  const held = lines.hold(line, { tokens, promptLength, stream, byHand: new Set() });
  if (parent) steps.share(parent, held);
  return held;
}
