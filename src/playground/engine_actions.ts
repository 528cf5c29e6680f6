/** Loading a model, and what the page does once it is there. */
import { EngineError } from '../engines/contract.ts';
import type { ModelChoice } from '../worker/models_api.ts';
import { worker } from './connection.ts';
import { hashFile } from './file_hash.ts';
import { refreshPrompt } from './prompt_actions.ts';
import { notify } from './notices.ts';
import { reviveRecording } from './recording_actions.ts';
import { runOn } from './run_on.svelte.ts';
import { changeSettings } from './settings_actions.ts';
import { playground } from './state.svelte.ts';

/** Counts loads, so that one that was overtaken says nothing more. */
let attempt = 0;

/**
 * Loads a model in the worker; the one before it is let go. The texts on the page stay.
 * @param shown what the model is to find on the page; until then it is not ready
 */
export async function openModel(choice: ModelChoice, name: string, shown?: Promise<void>): Promise<boolean> {
  const mine = ++attempt;
  const current = (): boolean => mine === attempt;
  playground.change({ engine: { phase: 'loading', name, progress: null }, prompt: null, overlay: null });
  try {
    const summary = await worker().load(choice, (progress) => {
      if (current()) playground.change({ engine: { phase: 'loading', name, progress } });
    });
    await shown;
    if (!current()) return false;
    playground.change({ engine: { phase: 'ready', summary } });
    hashFile(choice, summary);
    for (const note of summary.notes) notify('info', note);
    if (playground.settings.mode === 'chat' && !summary.hasChatTemplate) changeSettings({ mode: 'text' });
    refreshPrompt();
    void reviveRecording();
    return true;
  } catch (error) {
    if (!current()) return false;
    const message = error instanceof Error ? error.message : String(error);
    playground.change({ engine: { phase: 'failed', name, message } });
    if (!(error instanceof EngineError && error.code === 'aborted')) notify('error', message);
    return false;
  }
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
