/** Which texts the worker holds. A newly loaded model holds none, and gets those that it wrote. */
import type { TextId } from '../../worker/api/worker_api.ts';
import type { EngineSummary } from '../../worker/api/models_api.ts';
import { worker } from '../connection.ts';
import { allTokens, type PageText } from './text.ts';
import type { RecordedModel } from './recorded.ts';
import { texts } from './store.svelte.ts';
import { playground } from '../state.svelte.ts';

const heldBy = new WeakMap<EngineSummary, Set<TextId>>();

/** Notes that the worker holds these texts until another model is loaded. */
export function nowHeld(ids: readonly TextId[], summary = summaryHere()): void {
  if (!summary) return;
  const held = heldBy.get(summary) ?? new Set();
  heldBy.set(summary, held);
  for (const id of ids) held.add(id);
}

/** Whether the worker can answer questions about a text. */
export function isHeld(id: TextId): boolean {
  const summary = summaryHere();
  return summary !== null && (heldBy.get(summary)?.has(id) ?? false);
}

/** The loaded model, as a text names its writer. */
export function modelOf({ model: { name, fileSize, vocabularySize } }: EngineSummary): RecordedModel {
  return { name, fileSize, vocabularySize };
}

/** The model that wrote a text; null if it is unknown. */
export function writerOf(text: PageText): RecordedModel | null {
  return text.model ?? texts.recordOf(text.id)?.model ?? null;
}

/** Whether a model is the writer of a text: the same name and the same size. */
export function isModel({ model }: EngineSummary, writer: RecordedModel): boolean {
  return model.name === writer.name && model.fileSize === writer.fileSize;
}

/** Output indices whose token was chosen by hand. */
export function byHandOf(text: PageText): readonly number[] {
  return text.byHand ?? texts.recordOf(text.id)?.byHand ?? [];
}

/** Gives the worker a text to hold, as if it had been made here. */
export async function hold(text: PageText): Promise<void> {
  const summary = summaryHere();
  await give(text);
  nowHeld([text.id], summary);
}

/** Gives a newly loaded model the texts that it wrote. Those from records wait until they are revived. */
export async function holdAgain(summary: EngineSummary): Promise<void> {
  const waiting = texts.all().filter((text) => isOwn(text, summary));
  await Promise.all(waiting.map(give));
  nowHeld(
    waiting.map(({ id }) => id),
    summary,
  );
}

/** Gives the worker a text that it was told to forget, if the loaded model wrote it. */
export async function holdRestored(text: PageText): Promise<void> {
  const summary = summaryHere();
  if (summary && isOwn(text, summary)) await hold(text);
}

function isOwn(text: PageText, summary: EngineSummary): boolean {
  const writer = writerOf(text);
  return writer !== null && isModel(summary, writer) && texts.recordOf(text.id)?.state !== 'recorded';
}

function give(text: PageText): Promise<void> {
  const tokens = allTokens(text).map(({ token }) => token);
  const stream = text.stream ?? texts.recordOf(text.id)?.stream ?? 0;
  return worker().adopt(text.id, {
    tokens,
    promptLength: text.promptLength,
    stream,
    byHand: byHandOf(text),
  });
}

function summaryHere(): EngineSummary | null {
  return playground.engine.phase === 'ready' ? playground.engine.summary : null;
}
