/** Runs of the playground: a prompt, a continuation, one more token. */
import type { StopConditions } from '../../decoding/events.ts';
import { EngineError, type TokenId } from '../../engines/contract.ts';
import type { TextId, RunRequest } from '../../worker/api/worker_api.ts';
import { worker } from '../connection.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { byHandOf, hold, isHeld, isModel, modelOf, writerOf } from './held_texts.ts';
import { holdForRun, launch } from './launch.ts';
import { forkedText, promptOnly, type PageText } from './text.ts';
import { runTexts } from './run_texts.ts';
import { texts } from './store.svelte.ts';
import { notify } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { rollSeed } from '../settings_actions.ts';
import { playground } from '../state.svelte.ts';

// Stop may have to restart the engine.
export { stop } from '../engine_actions.ts';

/** The most texts in the playground. The oldest ones without branches go first. */
const maxTexts = 64;

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

/** Tokens by which the prompt and one token of output exceed the context; 0 if they fit. */
export function promptExcess(): number {
  if (playground.engine.phase !== 'ready' || !playground.prompt) return 0;
  // A server counts tokens itself and refuses a prompt that is too long.
  if (!playground.engine.summary.capabilities.tokenizer) return 0;
  return Math.max(0, playground.prompt.tokens.length + 1 - playground.engine.summary.model.contextLength);
}

/** Runs the prompt with the common parameters. */
export function run(): Promise<void> {
  return launch((goOn) => writeText(goOn, playground.settings.maxTokens));
}

/** Writes a new text from the prompt on view. */
export async function writeText(goOn: () => void, maxTokens: number): Promise<void> {
  const { engine } = playground;
  if (engine.phase !== 'ready') return;
  if (playground.settings.rollSeed) rollSeed();
  const { params } = playground.settings;
  const source = promptSource(playground.settings);
  const prompt = await worker().tokenise(source);
  goOn();
  playground.setPrompt(prompt);
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
  await execute(promptOnly(seed, prompt.tokens), {
    prompt: prompt.tokens.map(({ token }) => token),
    lanes: [{ text: id, params, stream: 0 }],
    strategy: { kind: 'sample' },
    stop,
  });
}

/** Where a continuation begins, and how long it is. */
export interface Continuation {
  readonly text: PageText;
  /** How many output tokens of `text` it shares. */
  readonly outputs: number;
  /** The token chosen by hand that follows them. */
  readonly token?: TokenId;
  readonly maxTokens?: number;
}

/** Why a text cannot be continued now, or null. */
export function continueBlocked(text: PageText): string | null {
  const { engine } = playground;
  if (engine.phase === 'loading') return 'The model is still loading.';
  if (engine.phase !== 'ready') return 'Load a model first.';
  const writer = writerOf(text);
  return writer === null || isModel(engine.summary, writer)
    ? null
    : `${writer.name} wrote this text; load that model to continue it.`;
}

/**
 * Makes a branch: the first `outputs` output tokens of a text, then `token` if it is given, then sampled tokens. The old text stays.
 * A continuation from the very end of a text extends it instead of branching.
 */
export function continueFrom(from: Continuation): Promise<void> {
  return launch((goOn) => continueText(goOn, from));
}

export async function continueText(
  goOn: () => void,
  { text: { id: from }, outputs, token, maxTokens = playground.settings.maxTokens }: Continuation,
): Promise<void> {
  const find = (): PageText | undefined => playground.texts.find(({ id }) => id === from);
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
  // The text may have been deleted or renamed meanwhile.
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
  const forked = forkedText(seed, parent, shared);
  await execute(
    grows ? { ...forked, parent: parent.parent, forkedAt: parent.forkedAt } : forked,
    {
      prompt: [],
      from: { text: parent.id, outputs, ...(token === undefined ? {} : { token }) },
      // The whole text draws from one stream, so that earlier draws stay the same.
      lanes: [{ text: id, params, stream: parent.stream ?? 0 }],
      strategy: { kind: 'sample' },
      stop,
    },
    grows ? parent : null,
  );
}

/** Makes sure that the worker holds the text, even one that was only recorded. */
async function bringToLife(text: PageText): Promise<void> {
  const recorded = texts.recordOf(text.id)?.state === 'recorded';
  if (recorded || !isHeld(text.id)) await hold(text);
  if (recorded) texts.changeRecord(text.id, { state: 'live' });
}

/** @param grown the text that `text` replaces; it comes back if nothing was added to it */
async function execute(text: PageText, request: RunRequest, grown: PageText | null = null): Promise<void> {
  const { id } = text;
  texts.put(text);
  holdForRun(grown ? [id, grown.id] : [id]);
  if (grown) playground.replaceText(grown.id, id);
  else addText(id);
  playground.show(id);
  try {
    const { timing, error } = await runTexts(request);
    // A token chosen by hand has no timing.
    if (timing.promptTokens > 0) playground.timing = timing;
    if (error) notify('error', error.message, undefined, 'run');
  } finally {
    const written = texts.get(id);
    if (grown && written?.length === grown.length) {
      texts.change(grown.id, (text) => ({ ...text, name: written.name }));
      playground.replaceText(id, grown.id);
    }
  }
}

/** Removes the oldest text without branches. */
function addText(id: TextId): void {
  playground.holdText(id);
  const { texts } = playground;
  if (texts.length <= maxTexts) return;
  const parents = new Set(texts.map(({ parent }) => parent));
  const victim = texts.find((text) => !parents.has(text.id) && text.reason !== null);
  if (victim) playground.removeText(victim.id);
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
  return playground.texts.filter((text) => text.parent === parent).length;
}
