/** Loads a model, and updates the page once it is loaded. */
import { EngineError } from '../engines/contract.ts';
import type { ModelChoice } from '../worker/api/models_api.ts';
import { endWorker, onWorkerEnd, tell, worker } from './connection.ts';
import { hashFile } from './file_hash.ts';
import { holdAgain } from './texts/held_texts.ts';
import { launchEnded } from './texts/launch.ts';
import { refreshPrompt } from './prompt_actions.ts';
import { notify, notifyFailure, sentenceOf, settle } from './notices.ts';
import { reviveRecord } from './record_actions.ts';
import { runOn } from './run_on.svelte.ts';
import { changeSettings } from './settings_actions.ts';
import { playground } from './state.svelte.ts';

/** Counts loads, so that a load can tell that a newer one has overtaken it. */
let attempt = 0;

interface Opening {
  readonly choice: ModelChoice;
  readonly name: string;
}

/** The loaded model with its name in settings; it is loaded again if the next one fails. */
let loaded: (Opening & { readonly inSettings: string }) | null = null;
/** The model that is loaded or is being loaded. */
let wanted: Opening | null = null;

/**
 * Loads a model in the worker. The one before it is released, because two might not fit into memory, and is loaded again if the
 * new one fails. The texts on the page stay.
 * @param shown the model becomes ready only after this
 * @returns whether this model is loaded
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
    // If the model before could not be loaded again either, the page shows the first failure.
    if (!back && current()) playground.setEngine({ phase: 'failed', name, message: sentenceOf(error) });
    return false;
  }
}

/** @returns false if another load overtook this one */
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
  // The run that this load stopped may end later, and only then is its text complete.
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
  reviveRecord().catch(notifyFailure);
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
  // A load in progress reports its own failure.
  if (engine.phase !== 'loading') playground.setEngine({ phase: 'failed', name, message: text });
  const again = wanted;
  const action = again && { label: 'Load it again', run: () => void openModel(again.choice, again.name) };
  notify('error', text, action ?? undefined, 'model');
});

/** A worker that is silent for longer than this after Stop counts as hung. */
const silenceMs = 3000;

/** Ends the run. A worker that does not answer is ended, and its model is loaded anew. */
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
  // If the page itself was busy, an answer may be queued behind the timer.
  setTimeout(() => setTimeout(restart), silenceMs);
  tell((asking) => asking.stop().finally(() => (heard = true)));
}

/** A `.gguf` file that the person picked or dropped. */
export async function openFile(file: File): Promise<void> {
  changeSettings({ model: 'file' });
  await openModel({ kind: 'file', file, ...runOn.choice }, file.name);
}

/**
 * Opens the page's first model: the embedded one, or the scripted engine if the address asks for it
 * (`?engine=scripted`, for tests). A model that the person opened meanwhile stays.
 * @param shown resolves when the page's first texts are shown; they are read while the model loads
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

/** Without a GPU the page can still show how sampling works, on an engine that says that it is not a model. */
async function offerScripted(): Promise<void> {
  notify('info', 'You can still try the knobs on a scripted engine, which is not a language model.', {
    label: 'Use it',
    run: () => void openScripted(),
  });
}
