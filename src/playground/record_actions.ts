/** Makes texts from records live once their model is loaded. */
import { worker } from './connection.ts';
import { hold, isModel } from './texts/held_texts.ts';
import type { PageText } from './texts/text.ts';
import { playground } from './state.svelte.ts';
import type { Recorded, RecordedModel } from './texts/recorded.ts';
import { texts } from './texts/store.svelte.ts';

/**
 * Gives the opening run and the kept texts to the worker, if the loaded model is the one that wrote them. From then on every
 * chart comes from logits computed here, and the knobs act on it. For the opening run the page also says whether this machine
 * draws the same tokens.
 */
export async function reviveRecord(): Promise<void> {
  for (const text of playground.texts) {
    const recorded = texts.recordOf(text.id);
    if (recorded?.origin === 'page' || recorded?.origin === 'kept') await revive(text, recorded);
  }
}

async function revive(text: PageText, recorded: Recorded): Promise<void> {
  if (recorded.state !== 'recorded' || !modelIsHere(recorded.model)) return;
  await hold(text);
  const again = recorded.origin === 'page' ? await worker().rederive(text.id, text.params) : null;
  const state = again === null ? 'live' : again.firstDivergence === null ? 'reproduced' : 'differs';
  texts.changeRecord(text.id, { state });
}

/** Whether the loaded model is the one that wrote a text: same name, same size. */
export function modelIsHere(model: RecordedModel): boolean {
  if (playground.engine.phase !== 'ready') return false;
  return isModel(playground.engine.summary, model);
}
