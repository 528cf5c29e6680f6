/** Loading a model, and what the page does once it is there. */
import { EngineError } from '../engines/contract.ts';
import type { ModelChoice } from '../worker/api/models_api.ts';
import { endWorker, onWorkerEnd, tell, worker } from './connection.ts';
import { hashFile } from './file_hash.ts';
import { holdAgain } from './texts/held_texts.ts';
import { launchEnded } from './texts/launch.ts';
import { refreshPrompt } from './prompt_actions.ts';
import { notify, notifyFailure, sentenceOf, settle } from './notices.ts';
import { reviveRecording } from './recording_actions.ts';
import { runOn } from './run_on.svelte.ts';
import { changeSettings } from './settings_actions.ts';
import { playground } from './state.svelte.ts';

/** Counts loads, so that one that was overtaken says nothing more. */
let attempt = 0;

interface Opening {
  readonly choice: ModelChoice;
  readonly name: string;
}

/** What is loaded, with its name in settings: it comes back when the next one fails. */
let loaded: (Opening & { readonly inSettings: string }) | null = null;
/** What is loaded, or is being loaded. */
let wanted: Opening | null = null;

/**
 * Loads a model in the worker; the one before it is let go, for two would not fit into memory, and comes back when the new one
 * cannot be loaded. The texts on the page stay.
 * @param shown what the model is to find on the page; until then it is not ready
 * @returns whether this model is there
 */
export async function openModel(choice: ModelChoice, name: string, shown?: Promise<void>): Promise<boolean> {
  const mine = ++attempt;
  const current = (): boolean => mine === attempt;
  settle('model');
  stop();
  try {
    const there = await load({ choice, name }, current, shown);
    if (there) settle('model');
    return there;
  } catch (error) {
    if (!current()) return false;
    notifyFailure(error, 'model');
    const before = loaded;
    loaded = null;
    if (before) changeSettings({ model: before.inSettings });
    const back = before !== null && (await load(before, current).catch(() => false));
    // The page says what failed, also where something worked before.
    if (!back && current()) playground.setEngine({ phase: 'failed', name, message: sentenceOf(error) });
    return false;
  }
}

/** @returns whether it is there; false where another load overtook it */
async function load(opening: Opening, current: () => boolean, shown?: Promise<void>): Promise<boolean> {
  const { choice, name } = opening;
  wanted = opening;
  playground.setEngine({ phase: 'loading', name, progress: null });
  const asked = worker();
  const summary = await asked.load(choice, (progress) => {
    if (current() && playground.engine.phase === 'loading') {
      playground.setEngine({ phase: 'loading', name, progress });
    }
  });
  await shown;
  // The run that this load stopped may be answered later, and its text is what it is then.
  await launchEnded();
  if (!current()) return false;
  await holdAgain(summary);
  if (!current()) return false;
  if (worker() !== asked) {
    throw new EngineError('worker-ended', `The worker that loaded ${name} ended; load it again.`);
  }
  loaded = { choice, name, inSettings: playground.settings.model };
  playground.setEngine({ phase: 'ready', summary });
  hashFile(choice, summary);
  for (const note of summary.notes) notify('info', note);
  if (playground.settings.mode === 'chat' && !summary.hasChatTemplate) changeSettings({ mode: 'text' });
  refreshPrompt();
  reviveRecording().catch(notifyFailure);
  return true;
}

onWorkerEnd((message) => {
  if (message === null) return;
  const { engine } = playground;
  const name =
    engine.phase === 'ready'
      ? engine.summary.model.name
      : engine.phase === 'loading'
        ? engine.name
        : 'the model';
  const text = `The worker that runs ${name} ended: ${message}. Your text is still here; load the model again.`;
  // A load that it was asked for says so itself.
  if (engine.phase !== 'loading') playground.setEngine({ phase: 'failed', name, message: text });
  const again = wanted;
  const action = again && { label: 'Load it again', run: () => void openModel(again.choice, again.name) };
  notify('error', text, action ?? undefined, 'model');
});

/** How long a worker may be silent after Stop before it is taken for one that hangs. */
const silenceMs = 3000;

/** Ends what a person started. A worker that does not hear it is ended, and its model is loaded anew. */
export function stop(): void {
  if (playground.run.phase === 'idle') return;
  playground.stopRun();
  const asked = worker();
  let heard = false;
  const restart = (): void => {
    if (heard || worker() !== asked || !wanted) return;
    endWorker('The run could not be stopped, and its worker was ended.');
    void openModel(wanted.choice, wanted.name);
    notify(
      'info',
      'The engine did not answer Stop for 3 seconds, so it was started anew; your texts are still here.',
    );
  };
  // Where the page itself was busy, an answer may wait behind the timer.
  setTimeout(() => setTimeout(restart), silenceMs);
  tell((asking) => asking.stop().finally(() => (heard = true)));
}

/** A `.gguf` file that the person picked or dropped. */
export async function openFile(file: File): Promise<void> {
  changeSettings({ model: 'file' });
  await openModel({ kind: 'file', file, ...runOn.choice }, file.name);
}

/**
 * The model that the page opens with: the embedded one, or the scripted engine where the address asks for it
 * (`?engine=scripted`, for tests). A model that the person opened meanwhile stays.
 * @param shown what the page opens with, which is read while the model loads
 */
export async function openFirstModel(query: URLSearchParams, shown: Promise<void>): Promise<void> {
  if (query.get('engine') === 'scripted') {
    await openScripted(Number(query.get('delay') ?? 0), shown);
    return;
  }
  const mine = attempt + 1;
  const choice = { kind: 'catalogue', id: playground.settings.model, base: document.baseURI } as const;
  const ready = await openModel(choice, 'the embedded model', shown);
  if (!ready && mine === attempt) await offerScripted();
}

export async function openScripted(stepDelay = 0, shown?: Promise<void>): Promise<void> {
  changeSettings({ model: 'scripted' });
  await openModel({ kind: 'scripted', stepDelay }, 'the scripted engine', shown);
}

/** A page without a GPU still shows how sampling works, on an engine that says that it is not a model. */
async function offerScripted(): Promise<void> {
  notify('info', 'The knobs can still be tried on a scripted engine, which is no language model.', {
    label: 'Use it',
    run: () => void openScripted(),
  });
}
