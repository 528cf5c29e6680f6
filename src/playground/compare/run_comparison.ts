/** Running lanes as one batch, and one after another to see what the batch gains. */
import type { BranchResult, RunResult } from '../../decoding/events.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import type { LaneRequest, LineEvent, RunRequest, TokenText } from '../../worker/api.ts';
import { worker } from '../connection.ts';
import { frameQueue } from '../frame_queue.ts';
import { forkedLine, promptLine, withPromptScores, withSteps, type Line } from '../line.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { notify } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { runBlocked, starting, stopConditions, stopPressed } from '../run_actions.ts';
import { laneParams } from '../settings.ts';
import { rollSeed } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import { laneDifference } from './lane_gestures.ts';
import { outputTokens } from './lane_tokens.ts';
import { mostBranches, strategyOf } from './method.ts';
import { compare, type Comparison } from './state.svelte.ts';

/** Why the lanes cannot run now, or null. */
function compareBlocked(): string | null {
  const blocked = runBlocked();
  if (blocked !== null) return blocked;
  if (playground.engine.phase !== 'ready' || oneSequence()) return null;
  const { capabilities } = playground.engine.summary;
  if (!capabilities.fork)
    return 'This engine cannot fork a sequence, which lanes and samples need; load a model on the GPU, or keep one lane.';
  return null;
}

function oneSequence(): boolean {
  return compare.method.kind === 'lanes' && playground.settings.lanes.length === 1;
}

const events = frameQueue<LineEvent>((batch) => {
  const { comparison } = compare;
  if (!comparison) return;
  const changed = batch.reduce(withEvent, comparison);
  compare.change({ comparison: changed });
  const tokens = batch.reduce((sum, event) => sum + (event.type === 'steps' ? event.steps.length : 0), 0);
  const { run } = playground;
  if (tokens === 0 || run.phase === 'stopping' || run.phase === 'idle') return;
  const before = run.phase === 'decode' ? run : { tokens: 0, startedAt: performance.now() };
  playground.change({
    run: { phase: 'decode', tokens: before.tokens + tokens, startedAt: before.startedAt },
  });
});

/** What an event makes of the comparison. */
function withEvent(comparison: Comparison, event: LineEvent): Comparison {
  const replace = (id: number, change: (line: Line) => Line): Comparison => ({
    ...comparison,
    lines: comparison.lines.map((line) => (line.id === id ? change(line) : line)),
  });
  switch (event.type) {
    case 'steps':
      return replace(event.line, (line) => withSteps(line, event.steps));
    case 'line-end':
      return replace(event.line, (line) => ({ ...line, reason: event.reason }));
    case 'prompt-scores':
      return {
        ...comparison,
        lines: comparison.lines.map((line) => withPromptScores(line, event.scores)),
      };
    case 'usage': {
      const higher = event.usage.pagesUsed > (comparison.usage?.pagesUsed ?? 0);
      return higher ? { ...comparison, usage: event.usage } : comparison;
    }
    case 'branch':
      return withBranch(comparison, event);
    default:
      return comparison;
  }
}

/** A sample, which begins at the prompt, or a beam, which goes another way than its parent. */
function withBranch(
  comparison: Comparison,
  { line: id, parent, shared }: Extract<LineEvent, { type: 'branch' }>,
): Comparison {
  const { lines, prompt, params, strategy, differences } = comparison;
  const lane = lines.length;
  const seed = { id, name: `branch ${lane + 1}`, lane, params };
  const from = lines.find((line) => line.id === parent);
  return {
    ...comparison,
    lines: [...lines, from ? forkedLine(seed, from, prompt.length + shared) : promptLine(seed, prompt)],
    differences: [...differences, strategy.kind === 'beam' ? '' : `draw ${lane + 1}`],
  };
}

/** Runs the lanes, or the method's strategy, from the prompt: everything that lives in each forward pass. */
export async function runComparison(): Promise<void> {
  if (playground.run.phase !== 'idle' || playground.engine.phase !== 'ready') return;
  if (playground.settings.rollSeed) rollSeed();
  try {
    playground.change({ run: starting });
    const prompt = await worker().tokenise(promptSource(playground.settings));
    playground.change({ prompt });
    const blocked = compareBlocked();
    if (blocked !== null) notify('error', blocked);
    if (blocked !== null || !(await grammarsUsable(paramsOfLanes())) || stopPressed()) {
      playground.change({ run: { phase: 'idle' } });
      return;
    }
    const request = begin(prompt.tokens);
    const result = await worker().run(request, (batch) => events.push(batch));
    events.flush();
    finish(result, request.strategy.kind === 'beam' ? await runGreedy(request) : null);
  } catch (error) {
    events.flush();
    fail(error);
  }
}

/** Of each lane, or of the one setting that a method samples. */
function paramsOfLanes(): SamplingParams[] {
  const { settings } = playground;
  return settings.method.kind === 'lanes'
    ? settings.lanes.map((_, lane) => laneParams(settings, lane))
    : [settings.params];
}

/** Puts the new comparison on the page and says what to run. */
function begin(prompt: readonly TokenText[]): RunRequest {
  forgetLines();
  const { settings } = playground;
  const { method } = compare;
  const strategy = strategyOf(method);
  const together = method.kind === 'lanes';
  const lanes: LaneRequest[] = (together ? settings.lanes : [{}]).map((_, lane) => ({
    line: playground.newId(),
    params: together ? laneParams(settings, lane) : settings.params,
    stream: together && !compare.sharedLuck ? lane : 0,
  }));
  const stop = stopConditions();
  compare.change({
    comparison: {
      id: playground.newId(),
      settings,
      strategy,
      prompt,
      params: settings.params,
      patches: together ? settings.lanes : [],
      sharedLuck: together && compare.sharedLuck,
      stop,
      lines: together
        ? lanes.map(({ line, params }, lane) =>
            promptLine({ id: line, name: `lane ${lane + 1}`, lane, params }, prompt),
          )
        : [],
      differences: together ? settings.lanes.map(laneDifference) : [],
      usage: null,
      result: null,
      alone: null,
      greedy: null,
    },
    selected: null,
    focus: 0,
    distributions: null,
    strip: null,
  });
  playground.change({ run: { phase: 'prefill', done: 0, total: prompt.length } });
  return {
    prompt: prompt.map(({ token }) => token),
    lanes,
    ...(together ? {} : { branches: playground.newIds(mostBranches(strategy, stop.maxTokens)) }),
    strategy,
    stop,
  };
}

/** What greedy decoding makes of the same request. */
async function runGreedy({ prompt, lanes, stop }: RunRequest): Promise<BranchResult | null> {
  if (stopPressed()) return null;
  const line = playground.newId();
  const request: RunRequest = {
    prompt,
    lanes: [{ ...lanes[0]!, line }],
    strategy: { kind: 'greedy' },
    stop,
  };
  const { branches } = await worker().run(request, () => undefined);
  void worker().forget(line);
  return branches[0] ?? null;
}

function finish(result: RunResult, greedy: BranchResult | null): void {
  const { comparison } = compare;
  playground.change({ run: { phase: 'idle' }, timing: result.timing });
  if (comparison) {
    const focus = result.winner ?? compare.focus;
    compare.change({ comparison: { ...comparison, result, greedy }, focus });
  }
  if (result.error) notify('error', result.error.message);
}

function fail(error: unknown): void {
  const { comparison } = compare;
  playground.change({ run: { phase: 'idle' } });
  if (comparison) {
    const lines = comparison.lines.map((line) =>
      line.reason === null ? { ...line, reason: 'error' as const } : line,
    );
    compare.change({ comparison: { ...comparison, lines } });
  }
  notify('error', error instanceof Error ? error.message : String(error));
}

/** Lines that were opened in the playground belong to it now. */
export function forgetLines(): void {
  const kept = new Set(playground.lines.map(({ id }) => id));
  for (const { id } of compare.comparison?.lines ?? []) if (!kept.has(id)) void worker().forget(id);
}

/**
 * Runs the same lanes one after another, and says what that took and whether each gave the same tokens. Stop ends it
 * without a result.
 */
export async function measureAlone(): Promise<void> {
  const { comparison } = compare;
  if (!comparison?.result || playground.run.phase !== 'idle') return;
  const { lines, sharedLuck } = comparison;
  const prompt = comparison.prompt.map(({ token }) => token);
  compare.change({ measuring: true });
  playground.change({ run: { phase: 'decode', tokens: 0, startedAt: performance.now() } });
  try {
    let decodeMs = 0;
    let tokens = 0;
    const different: number[] = [];
    for (const { params, lane, length, promptLength } of lines) {
      const line = playground.newId();
      const stream = sharedLuck ? 0 : lane;
      const request: RunRequest = {
        prompt,
        lanes: [{ line, params, stream }],
        strategy: { kind: 'sample' },
        // A batch that was stopped is compared as far as it came.
        stop: { ...stopConditions(), maxTokens: Math.max(1, length - promptLength) },
      };
      const { branches, timing } = await worker().run(request, () => undefined);
      void worker().forget(line);
      if (stopPressed()) return;
      decodeMs += timing.decodeMs;
      tokens += timing.tokens;
      if (branches[0]!.tokens.join() !== outputTokens(lines[lane]!).join()) different.push(lane);
    }
    if (compare.comparison !== comparison) return;
    compare.change({
      comparison: { ...comparison, alone: { decodeMs, tokens, different, lanes: lines.length } },
    });
  } catch (error) {
    notify('error', error instanceof Error ? error.message : String(error));
  } finally {
    compare.change({ measuring: false });
    playground.change({ run: { phase: 'idle' } });
  }
}
