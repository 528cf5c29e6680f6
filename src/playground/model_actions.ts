/** Finds, downloads, keeps and deletes models from elsewhere. Nothing is fetched without a click. */
import type { CatalogueEntry } from '../models/catalogue.ts';
import type { RemoteFile } from '../models/model_store.ts';
import type { Found, HubModels, Shelf } from '../worker/api/models_api.ts';
import type { WebLlmOffer, WebLlmOffers } from '../engines/web-llm/open.ts';
import { worker } from './connection.ts';
import { openModel } from './engine_actions.ts';
import { settingsModel } from './model_name.ts';
import { notifyFailure } from './notices.ts';
import { runOn } from './run_on.svelte.ts';
import { changeSettings } from './settings_actions.ts';

/** Loads a file from what is kept of it and from the network. */
export async function openRemoteModel(file: RemoteFile): Promise<void> {
  changeSettings({ model: settingsModel(file.url) });
  // Only a page may ask for this, not its worker. Some browsers ask the person, who sees the reason now.
  void navigator.storage?.persist?.().catch(() => false);
  await openModel({ kind: 'remote', file, ...runOn.choice }, file.fileName);
}

/** The models that come with the page. */
export function readCatalogue(): Promise<readonly CatalogueEntry[]> {
  return worker().models();
}

export async function openCatalogueModel({ id, name }: Pick<CatalogueEntry, 'id' | 'name'>): Promise<void> {
  changeSettings({ model: id });
  await openModel({ kind: 'catalogue', id, base: document.baseURI, ...runOn.choice }, name);
}

/** Stops a download. The part that has arrived is kept, and loading the same file again continues from there. */
export function pauseLoading(): Promise<void> {
  return worker().pauseLoading();
}

export function readShelf(): Promise<Shelf> {
  return worker().shelf();
}

/** @param contextLength how many tokens each model's KV cache must hold */
export function readHubModels(contextLength: number): Promise<HubModels> {
  return worker().hubModels(contextLength);
}

/** @returns whether it was deleted; if not, a notice says why */
export async function deleteKept(key: string): Promise<boolean> {
  try {
    await worker().deleteKept(key);
    return true;
  } catch (error) {
    notifyFailure(error);
    return false;
  }
}

/** @throws EngineError that says in one sentence what is wrong with the name, the hub or the network */
export function findModel(typed: string, hubUrl?: string): Promise<Found> {
  return worker().findModel(typed, hubUrl);
}

/** Models that web-llm runs, in the variant for this machine. */
export function readWebLlmModels(): Promise<WebLlmOffers> {
  return worker().webLlmModels();
}

/** Prefix of web-llm models in settings, and therefore in links. */
const webLlmPrefix = 'web-llm:';

/** The id of the web-llm model that settings name; null if they name another kind of model. */
export function webLlmId(model: string): string | null {
  return model.startsWith(webLlmPrefix) ? model.slice(webLlmPrefix.length) : null;
}

/** Loads a model of web-llm, from the network or as it was kept. */
export async function openWebLlmModel({ id, name }: Pick<WebLlmOffer, 'id' | 'name'>): Promise<void> {
  changeSettings({ model: webLlmPrefix + id });
  void navigator.storage?.persist?.().catch(() => false);
  await openModel({ kind: 'web-llm', id }, name);
}
