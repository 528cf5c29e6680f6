/** Running: from the prompt, from a step, one token at a time. Events come from the worker once a frame. */
import type { RunResult, StopConditions } from '../decoding/events.ts';
import type { TokenId } from '../engines/contract.ts';
import type { LineEvent, RunRequest } from '../worker/api.ts';
import { worker } from './connection.ts';
import { frameQueue } from './frame_queue.ts';
import { grammarsUsable } from './grammar.svelte.ts';
import { forkedLine, promptLine, withPromptScores, withSteps, type Line } from './line.ts';
import { notify } from './notices.ts';
import { promptSource } from './prompt_actions.ts';
import { adoptLine, markRecorded, modelIsHere } from './recording_actions.ts';
import { rollSeed } from './settings_actions.ts';
import { playground } from './state.svelte.ts';

/** Lines that the page keeps; the oldest ones that are nobody's parent go first. */
const maxLines = 64;

const events = frameQueue<LineEvent>((batch) => {
  let lines = playground.lines;
  let tokens = 0;
  const replace = (id: number, change: (line: Line) => Line): void => {
    lines = lines.map((line) => (line.id === id ? change(line) : line));
  };
  for (const event of batch) {
    if (event.type === 'prefill') {
      if (playground.run.phase === 'prefill') playground.change({ run: { ...event, phase: 'prefill' } });
    } else if (event.type === 'steps') {
      replace(event.line, (line) => withSteps(line, event.steps));
      tokens += event.steps.length;
    } else if (event.type === 'prompt-scores') {
      for (const id of running) replace(id, (line) => withPromptScores(line, event.scores));
    } else if (event.type === 'line-end') {
      replace(event.line, (line) => ({ ...line, reason: event.reason }));
    }
  }
  playground.change({ lines });
  if (tokens > 0 && playground.run.phase !== 'stopping' && playground.run.phase !== 'idle') {
    const { run } = playground;
    const before = run.phase === 'decode' ? run : { tokens: 0, startedAt: performance.now() };
    playground.change({
      run: { phase: 'decode', tokens: before.tokens + tokens, startedAt: before.startedAt },
    });
  }
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

/** From the press of Run on, so that a second one does nothing. */
export const starting = { phase: 'prefill', done: 0, total: 0 } as const;

export function stopPressed(): boolean {
  return playground.run.phase === 'stopping';
}

/** Runs the prompt with the common parameters. */
export async function run(): Promise<void> {
  if (playground.run.phase !== 'idle' || playground.engine.phase !== 'ready') return;
  if (playground.settings.rollSeed) rollSeed();
  const { settings } = playground;
  try {
    playground.change({ run: starting });
    const prompt = await worker().tokenise(promptSource(settings));
    playground.change({ prompt });
    const { params } = settings;
    const blocked = runBlocked();
    if (blocked !== null) notify('error', blocked);
    if (blocked !== null || !(await grammarsUsable([params])) || stopPressed()) {
      playground.change({ run: { phase: 'idle' } });
      return;
    }
    const id = playground.newId();
    const line = promptLine({ id, name: String(nextRunNumber()), lane: 0, params }, prompt.tokens);
    await execute([line], {
      prompt: prompt.tokens.map(({ token }) => token),
      lanes: [{ line: id, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: stopConditions(),
    });
  } catch (error) {
    fail(error);
  }
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

/**
 * A new branch: the first `outputs` output tokens of a line, then `token` where one is given, then the sampler. The old
 * line stays. A continuation from a line's very end grows that line instead of branching.
 */
export async function continueFrom(from: Continuation): Promise<void> {
  if (playground.run.phase !== 'idle' || playground.engine.phase !== 'ready') return;
  const { line: parent, outputs, token } = from;
  if (!(await held(parent))) return;
  const { params } = playground.settings;
  if (!(await grammarsUsable([params]))) return;
  const id = playground.newId();
  const shared = parent.promptLength + outputs;
  const grows = shared === parent.length;
  const name = grows ? parent.name : `${parent.name}.${1 + childCount(parent.id)}`;
  const seed = { id, name, lane: parent.lane, params };
  const forked = forkedLine(seed, parent, shared);
  const line = grows ? { ...forked, parent: parent.parent, forkedAt: parent.forkedAt } : forked;
  try {
    await execute(
      [line],
      {
        prompt: [],
        from: { line: parent.id, outputs, ...(token === undefined ? {} : { token }) },
        // What was drawn keeps its luck: the whole text is one stream's.
        lanes: [{ line: id, params, stream: parent.stream ?? 0 }],
        strategy: { kind: 'sample' },
        stop: { ...stopConditions(), maxTokens: from.maxTokens ?? playground.settings.maxTokens },
      },
      grows ? parent.id : null,
    );
  } catch (error) {
    fail(error);
  }
}

/** A text that was only recorded is given to the worker first, if its model is here. */
async function held(line: Line): Promise<boolean> {
  const recorded = playground.recorded.find((entry) => entry.line === line.id);
  if (recorded?.state !== 'recorded') return true;
  if (!modelIsHere(recorded.model)) {
    notify('error', `${recorded.model.name} wrote this text; load that model to run on from here.`);
    return false;
  }
  await adoptLine(line, recorded);
  markRecorded(line.id, 'live');
  return true;
}

export function stop(): void {
  if (playground.run.phase === 'idle') return;
  playground.change({ run: { phase: 'stopping' } });
  void worker().stop();
}

async function execute(
  lines: readonly Line[],
  request: RunRequest,
  replaces: number | null = null,
): Promise<void> {
  const kept = playground.lines
    .filter((line) => line.id !== replaces)
    .map((line) =>
      line.parent === replaces && replaces !== null ? { ...line, parent: lines[0]!.id } : line,
    );
  running = lines.map((line) => line.id);
  playground.change({
    lines: trimmed([...kept, ...lines]),
    current: lines[0]!.id,
    selected: null,
    hovered: null,
    overlay: null,
    run: { phase: 'prefill', done: 0, total: request.prompt.length },
  });
  const result = await worker().run(request, (batch) => events.push(batch));
  events.flush();
  finish(result);
}

function finish(result: RunResult): void {
  // A token taken by hand ran nothing that could be timed.
  const timing = result.timing.promptTokens > 0 ? result.timing : playground.timing;
  playground.change({ run: { phase: 'idle' }, timing });
  if (result.error) notify('error', result.error.message);
}

function fail(error: unknown): void {
  events.flush();
  const lines = playground.lines.map((line) =>
    line.reason === null ? { ...line, reason: 'error' as const } : line,
  );
  playground.change({ run: { phase: 'idle' }, lines });
  notify('error', error instanceof Error ? error.message : String(error));
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
  void worker().forget(victim.id);
  return trimmed(lines.filter((line) => line.id !== victim.id));
}
