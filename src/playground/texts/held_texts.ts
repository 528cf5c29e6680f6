/** Which texts the worker holds. A newly loaded model holds none, and gets those that it wrote. */
import type { LineId } from '../../worker/api/worker_api.ts';
import type { EngineSummary } from '../../worker/api/models_api.ts';
import { worker } from '../connection.ts';
import { allTokens, type Line } from './line.ts';
import type { RecordedModel } from './recorded.ts';
import { texts } from './store.svelte.ts';
import { playground } from '../state.svelte.ts';

const heldBy = new WeakMap<EngineSummary, Set<LineId>>();

/** Notes that the worker holds these texts until another model is loaded. */
export function nowHeld(ids: readonly LineId[], summary = summaryHere()): void {
  if (!summary) return;
  const held = heldBy.get(summary) ?? new Set();
  heldBy.set(summary, held);
  for (const id of ids) held.add(id);
}

/** Whether the worker can answer questions about a text. */
export function isHeld(id: LineId): boolean {
  const summary = summaryHere();
  return summary !== null && (heldBy.get(summary)?.has(id) ?? false);
}

/** The loaded model, as a text names its writer. */
export function modelOf({ model: { name, fileSize, vocabularySize } }: EngineSummary): RecordedModel {
  return { name, fileSize, vocabularySize };
}

/** The model that wrote a text; null if it is unknown. */
export function writerOf(line: Line): RecordedModel | null {
  return line.model ?? texts.recordOf(line.id)?.model ?? null;
}

/** Whether a model is the writer of a text: the same name and the same size. */
export function isModel({ model }: EngineSummary, writer: RecordedModel): boolean {
  return model.name === writer.name && model.fileSize === writer.fileSize;
}

/** Output indices whose token was chosen by hand. */
export function byHandOf(line: Line): readonly number[] {
  return line.byHand ?? texts.recordOf(line.id)?.byHand ?? [];
}

/** Gives the worker a text to hold, as if it had been made here. */
export async function hold(line: Line): Promise<void> {
  const summary = summaryHere();
  await give(line);
  nowHeld([line.id], summary);
}

/** Gives a newly loaded model the texts that it wrote. Those from records wait until they are revived. */
export async function holdAgain(summary: EngineSummary): Promise<void> {
  const waiting = texts.all().filter((line) => {
    const writer = writerOf(line);
    return writer !== null && isModel(summary, writer) && texts.recordOf(line.id)?.state !== 'recorded';
  });
  await Promise.all(waiting.map(give));
  nowHeld(
    waiting.map(({ id }) => id),
    summary,
  );
}

function give(line: Line): Promise<void> {
  const tokens = allTokens(line).map(({ token }) => token);
  const stream = line.stream ?? texts.recordOf(line.id)?.stream ?? 0;
  return worker().adopt(line.id, {
    tokens,
    promptLength: line.promptLength,
    stream,
    byHand: byHandOf(line),
  });
}

function summaryHere(): EngineSummary | null {
  return playground.engine.phase === 'ready' ? playground.engine.summary : null;
}
