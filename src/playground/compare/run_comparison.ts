/** Runs lanes as one batch, and one after another to show what the batch gains. */
import type { BranchResult, RunResult } from '../../decoding/events.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { EngineError } from '../../engines/contract.ts';
import type {
  LaneRequest,
  TextEvent,
  PromptSource,
  RunRequest,
  TokenText,
} from '../../worker/api/worker_api.ts';
import { worker } from '../connection.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { isModel, modelOf, writerOf } from '../texts/held_texts.ts';
import { holdForRun, launch, stopPressed } from '../texts/launch.ts';
import { forkedText, outputTokens, promptOnly } from '../texts/text.ts';
import type { RecordedModel } from '../texts/recorded.ts';
import { notify } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { runBlocked, stopConditions } from '../texts/run_actions.ts';
import { runTexts } from '../texts/run_texts.ts';
import { texts } from '../texts/store.svelte.ts';
import { laneParams } from '../settings.ts';
import { rollSeed } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';
import { laneDifference, laneLetter } from './lane_gestures.ts';
import { mostBranches, strategyOf } from '../method.ts';
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

/** Adds a sample, which begins at the prompt, or a beam, which forks from its parent. */
function addBranch({ text: id, parent, shared }: Extract<TextEvent, { type: 'branch' }>): void {
  const { comparison } = compare;
  if (!comparison) return;
  const { prompt, params, strategy, stop, model } = comparison;
  const lane = comparison.texts.length;
  // Each sample draws from its own stream; beams draw nothing.
  const beam = strategy.kind === 'beam';
  const stream = beam ? 0 : lane;
  const name = beam ? `branch ${lane + 1}` : `sample ${laneLetter(lane)}`;
  const seed = { id, name, lane, params, stop, stream, ...(model ? { model } : {}) };
  const from = parent === null ? undefined : texts.get(parent);
  const text = from ? forkedText(seed, from, prompt.length + shared) : promptOnly(seed, prompt);
  compare.addBranch(text, beam ? '' : `draw ${lane + 1}`);
}

/** Keeps the event with the most KV pages in use. */
function noteUsage({ usage }: Extract<TextEvent, { type: 'usage' }>): void {
  if (usage.pagesUsed > (compare.comparison?.usage?.pagesUsed ?? 0)) compare.learn({ usage });
}

/** Runs the lanes, or the method's strategy, from the prompt; all of them share each forward pass. */
export function runComparison(): Promise<void> {
  return launch(async (goOn) => {
    const { engine } = playground;
    if (engine.phase !== 'ready') return;
    if (playground.settings.rollSeed) rollSeed();
    const source = promptSource(playground.settings);
    const prompt = await worker().tokenise(source);
    goOn();
    playground.setPrompt(prompt);
    const blocked = compareBlocked();
    if (blocked !== null) throw new EngineError('not-supported', blocked);
    if (!(await grammarsUsable(paramsOfLanes()))) return;
    goOn();
    const request = begin(prompt.tokens, source, modelOf(engine.summary));
    const result = await runTexts(request, { onBranch: addBranch, onUsage: noteUsage });
    const beams = request.strategy.kind === 'beam' && !stopPressed();
    finish(result, beams ? await runGreedy(request) : null);
  });
}

/** The parameters of each lane, or the common ones that a strategy runs with. */
function paramsOfLanes(): SamplingParams[] {
  const { settings } = playground;
  return settings.method.kind === 'lanes'
    ? settings.lanes.map((_, lane) => laneParams(settings, lane))
    : [settings.params];
}

/** Puts the new comparison on the page, and makes its run request. */
function begin(prompt: readonly TokenText[], source: PromptSource, model: RecordedModel): RunRequest {
  const { settings } = playground;
  const { method } = compare;
  const strategy = strategyOf(method);
  const together = method.kind === 'lanes';
  const lanes: LaneRequest[] = (together ? settings.lanes : [{}]).map((_, lane) => ({
    text: playground.newId(),
    params: together ? laneParams(settings, lane) : settings.params,
    stream: together && !compare.sharedLuck ? lane : 0,
  }));
  const stop = stopConditions();
  compare.begin({
    id: playground.newId(),
    settings,
    strategy,
    prompt,
    params: settings.params,
    patches: together ? settings.lanes : [],
    sharedLuck: together && compare.sharedLuck,
    stop,
    model,
    texts: together
      ? lanes.map(({ text, params, stream }, lane) =>
          promptOnly(
            { id: text, name: `lane ${laneLetter(lane)}`, lane, params, stream, source, stop, model },
            prompt,
          ),
        )
      : [],
    differences: together ? settings.lanes.map(laneDifference) : [],
    usage: null,
    result: null,
    alone: null,
    greedy: null,
  });
  return {
    prompt: prompt.map(({ token }) => token),
    lanes,
    ...(together ? {} : { branches: playground.newIds(mostBranches(strategy, stop.maxTokens)) }),
    strategy,
    stop,
  };
}

/** Decodes the same request greedily. */
async function runGreedy({ prompt, lanes, stop }: RunRequest): Promise<BranchResult | null> {
  const { branches } = await runUnseen({
    prompt,
    lanes: [{ ...lanes[0]!, text: playground.newId() }],
    strategy: { kind: 'greedy' },
    stop,
  });
  return branches[0] ?? null;
}

/** Runs without showing the texts. */
function runUnseen(request: RunRequest): Promise<RunResult> {
  holdForRun(request.lanes.map(({ text }) => text));
  return worker().run(request, () => undefined);
}

function finish(result: RunResult, greedy: BranchResult | null): void {
  playground.timing = result.timing;
  compare.learn({ result, greedy });
  if (result.winner !== null) compare.look(compare.selected, result.winner);
  if (result.error) notify('error', result.error.message, undefined, 'run');
}

/** Why the lanes cannot be run again one after another, or null. */
export function aloneBlocked({ texts }: Comparison): string | null {
  const { engine } = playground;
  if (engine.phase !== 'ready') return 'Load a model first.';
  const writer = texts[0] ? writerOf(texts[0]) : null;
  if (writer === null || isModel(engine.summary, writer)) return null;
  return `${writer.name} wrote these lanes; load it to run them one after another.`;
}

/**
 * Runs the same lanes one after another, each with its own parameters, and reports the time and whether each lane gave the same
 * tokens. Stop ends it without a result.
 */
export async function measureAlone(): Promise<void> {
  const { comparison } = compare;
  if (!comparison?.result) return;
  await launch(async (goOn) => {
    const blocked = aloneBlocked(comparison);
    if (blocked !== null) throw new EngineError('not-supported', blocked);
    const { texts, stop } = comparison;
    const prompt = comparison.prompt.map(({ token }) => token);
    compare.measuring = true;
    playground.decoded(0);
    try {
      let decodeMs = 0;
      let tokens = 0;
      const different: number[] = [];
      for (const [lane, text] of texts.entries()) {
        const { params, length, promptLength, stream = 0 } = text;
        const { branches, timing } = await runUnseen({
          prompt,
          lanes: [{ text: playground.newId(), params, stream }],
          strategy: { kind: 'sample' },
          // A stopped batch is compared up to where it stopped.
          stop: { ...stop, maxTokens: Math.max(1, length - promptLength) },
        });
        goOn();
        decodeMs += timing.decodeMs;
        tokens += timing.tokens;
        if (branches[0]!.tokens.join() !== outputTokens(text).join()) different.push(lane);
      }
      if (compare.comparison?.id === comparison.id)
        compare.learn({ alone: { decodeMs, tokens, different, lanes: texts.length } });
    } finally {
      compare.measuring = false;
    }
  });
}
