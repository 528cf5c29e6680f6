/** Running: from the prompt, from a step, one token at a time. Events come from the worker once a frame. */
import type { StopConditions } from '../../decoding/events.ts';
import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { LineEvent, RunRequest } from '../../worker/api/worker_api.ts';
import { tell, worker } from '../connection.ts';
import { frameQueue } from './frame_queue.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { hold, isHeld, isModel, modelOf, nowHeld, writerOf } from './held_texts.ts';
import { countTokens, launch } from './launch.ts';
import { ended, forkedLine, promptLine, tokensIn, withEvent, type Line } from './line.ts';
import { notify } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { markRecorded } from '../recording_actions.ts';
import { rollSeed } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';

// Stop may have to start the engine anew.
export { stop } from '../engine_actions.ts';

/** Lines that the page keeps; the oldest ones that are nobody's parent go first. */
const maxLines = 64;

const events = frameQueue<LineEvent>((batch) => {
  const ids = running;
  playground.change({
    lines: playground.lines.map((line) => (ids.includes(line.id) ? batch.reduce(withEvent, line) : line)),
  });
  const prefill = batch.findLast((event) => event.type === 'prefill');
  if (prefill && playground.run.phase === 'prefill')
    playground.change({ run: { ...prefill, phase: 'prefill' } });
  countTokens(tokensIn(batch));
});

let running: readonly number[] = [];

/** Why Run cannot be pressed now, or null. */
export function runBlocked(): string | null {
  if (playground.engine.phase === 'loading') return 'The model is still loading.';
  if (playground.engine.phase !== 'ready') return 'Load a model first.';
  if (playground.promptError !== null) return playground.promptError;
  if (playground.prompt?.tokens.length === 0) return 'The prompt is empty: type a word or two.';
  const over = promptExcess();
  if (over > 0) return `The prompt is ${over} tokens too long for this model: cut it first.`;
  return null;
}

/** Tokens by which the prompt exceeds the context, with room for one token of output; 0 when it fits. */
export function promptExcess(): number {
  if (playground.engine.phase !== 'ready' || !playground.prompt) return 0;
  // A server counts by itself, and says so when there are too many.
  if (!playground.engine.summary.capabilities.tokenizer) return 0;
  return Math.max(0, playground.prompt.tokens.length + 1 - playground.engine.summary.model.contextLength);
}

/** Runs the prompt with the common parameters. */
export function run(): Promise<void> {
  return launch((goOn) => writeText(goOn, playground.settings.maxTokens));
}

/** Writes a text of its own from the prompt on view. */
export async function writeText(goOn: () => void, maxTokens: number): Promise<void> {
  const { engine } = playground;
  if (engine.phase !== 'ready') return;
  if (playground.settings.rollSeed) rollSeed();
  const { params } = playground.settings;
  const source = promptSource(playground.settings);
  const prompt = await worker().tokenise(source);
  goOn();
  playground.change({ prompt });
  const blocked = runBlocked();
  if (blocked !== null) throw new EngineError('not-supported', blocked);
  if (!(await grammarsUsable([params]))) return;
  goOn();
  const id = playground.newId();
  const stop = { ...stopConditions(), maxTokens };
  const seed = {
    id,
    name: String(nextRunNumber()),
    lane: 0,
    params,
    source,
    stop,
    model: modelOf(engine.summary),
  };
  await execute(promptLine(seed, prompt.tokens), {
    prompt: prompt.tokens.map(({ token }) => token),
    lanes: [{ line: id, params, stream: 0 }],
    strategy: { kind: 'sample' },
    stop,
  });
}

/** What a continuation begins with, and how far it goes. */
export interface Continuation {
  readonly line: Line;
  /** Output tokens of `line` that it shares. */
  readonly outputs: number;
  /** The token chosen by hand that follows them. */
  readonly token?: TokenId;
  readonly maxTokens?: number;
}

/** Why a text cannot be continued now, or null. */
export function continueBlocked(line: Line): string | null {
  const { engine } = playground;
  if (engine.phase === 'loading') return 'The model is still loading.';
  if (engine.phase !== 'ready') return 'Load a model first.';
  const writer = writerOf(line);
  return writer === null || isModel(engine.summary, writer)
    ? null
    : `${writer.name} wrote this text; load that model to continue it.`;
}

/**
 * A new branch: the first `outputs` output tokens of a line, then `token` where one is given, then the sampler. The old
 * line stays. A continuation from a line's very end grows that line instead of branching.
 */
export function continueFrom(from: Continuation): Promise<void> {
  return launch((goOn) => continueText(goOn, from));
}

export async function continueText(
  goOn: () => void,
  { line: { id: from }, outputs, token, maxTokens = playground.settings.maxTokens }: Continuation,
): Promise<void> {
  const find = (): Line | undefined => playground.lines.find(({ id }) => id === from);
  const wanted = find();
  const { engine } = playground;
  if (!wanted || engine.phase !== 'ready') return;
  const blocked = continueBlocked(wanted);
  if (blocked !== null) throw new EngineError('not-supported', blocked);
  await bringToLife(wanted);
  goOn();
  const { params } = playground.settings;
  if (!(await grammarsUsable([params]))) return;
  goOn();
  // It may have been deleted or renamed meanwhile.
  const parent = find();
  if (!parent) return;
  const id = playground.newId();
  const shared = parent.promptLength + outputs;
  const grows = shared === parent.length;
  const stop = { ...stopConditions(), maxTokens };
  const byHand = [
    ...byHandOf(parent).filter((output) => output < outputs),
    ...(token === undefined ? [] : [outputs]),
  ];
  const seed = {
    id,
    name: grows ? parent.name : `${parent.name}.${1 + childCount(parent.id)}`,
    lane: parent.lane,
    params,
    stop,
    model: modelOf(engine.summary),
    ...(parent.source ? { source: parent.source } : {}),
    ...(byHand.length > 0 ? { byHand } : {}),
  };
  const forked = forkedLine(seed, parent, shared);
  await execute(
    grows ? { ...forked, parent: parent.parent, forkedAt: parent.forkedAt } : forked,
    {
      prompt: [],
      from: { line: parent.id, outputs, ...(token === undefined ? {} : { token }) },
      // What was drawn keeps its luck: the whole text is one stream's.
      lanes: [{ line: id, params, stream: parent.stream ?? 0 }],
      strategy: { kind: 'sample' },
      stop,
    },
    grows ? parent : null,
  );
}

/** The worker holds the text, also one that was only recorded. */
async function bringToLife(line: Line): Promise<void> {
  const recorded = playground.recorded.find((entry) => entry.line === line.id);
  if (recorded?.state === 'recorded') {
    await hold(line, recorded.stream, recorded.byHand);
    markRecorded(line.id, 'live');
  } else if (!isHeld(line.id)) {
    await hold(line, line.stream ?? 0, byHandOf(line));
  }
}

function byHandOf(line: Line): readonly number[] {
  return line.byHand ?? playground.recorded.find((entry) => entry.line === line.id)?.byHand ?? [];
}

/** @param grown the text that `line` takes the place of; it comes back where nothing was added to it */
async function execute(line: Line, request: RunRequest, grown: Line | null = null): Promise<void> {
  const { id } = line;
  running = [id];
  const { inspected } = playground;
  const looked = grown && inspected?.line === grown.id ? { inspected: { ...inspected, line: id } } : {};
  putInPlace(grown, line);
  playground.change({ current: id, selected: null, hovered: null, ...looked });
  playground.change({ run: { phase: 'prefill', done: 0, total: request.prompt.length } });
  try {
    const { timing, error } = await worker().run(request, (batch) => events.push(batch));
    nowHeld([id]);
    // A token taken by hand ran nothing that could be timed.
    if (timing.promptTokens > 0) playground.change({ timing });
    if (error) notify('error', error.message, undefined, 'run');
    end(line, grown, error ? 'error' : 'stopped');
  } catch (error) {
    end(line, grown, 'error');
    throw error;
  }
}

/** Also a run of which nothing came leaves no text without an end. */
function end(begun: Line, grown: Line | null, reason: 'error' | 'stopped'): void {
  events.flush();
  const line = playground.lines.find(({ id }) => id === begun.id);
  if (!line) return;
  if (grown && line.length === grown.length) {
    putInPlace(line, { ...grown, name: line.name });
    tell((asked) => asked.forget(line.id));
  } else {
    putInPlace(line, ended(line, reason));
  }
}

/** The page has `line`, in the place of another where there is one, whose branches are its own now. */
function putInPlace(before: Line | null, line: Line): void {
  const { lines, current } = playground;
  const rest = before
    ? lines.map((other) =>
        other.id === before.id ? line : other.parent === before.id ? { ...other, parent: line.id } : other,
      )
    : [...lines, line];
  playground.change({ lines: trimmed(rest), current: before && current === before.id ? line.id : current });
}

export function stopConditions(): StopConditions {
  const { maxTokens, stop: sequences } = playground.settings;
  return { maxTokens, sequences: sequences.filter((text) => text !== '') };
}

let runNumber = 0;

function nextRunNumber(): number {
  return ++runNumber;
}

function childCount(parent: number): number {
  return playground.lines.filter((line) => line.parent === parent).length;
}

function trimmed(lines: readonly Line[]): readonly Line[] {
  if (lines.length <= maxLines) return lines;
  const parents = new Set(lines.map((line) => line.parent));
  const victim = lines.find((line) => !parents.has(line.id) && !running.includes(line.id));
  if (!victim) return lines;
  tell((asked) => asked.forget(victim.id));
  return trimmed(lines.filter((line) => line.id !== victim.id));
}
