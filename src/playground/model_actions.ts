/** Models from elsewhere: found, downloaded, kept, deleted. Nothing here is fetched without a click. */
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

/** Downloads a file, or takes what is kept of it, and loads it. */
export async function openRemoteModel(file: RemoteFile): Promise<void> {
  changeSettings({ model: settingsModel(file.url) });
  // Only a page may ask, not its worker; browsers that ask the person do so now, when the reason can be seen.
  void navigator.storage?.persist?.().catch(() => false);
  await openModel({ kind: 'remote', file, ...runOn.choice }, file.fileName);
}

/** The models that come with the page. */
export function readCatalogue(): Promise<readonly CatalogueEntry[]> {
  return worker().models();
}

export async function openCatalogueModel({ id, name }: CatalogueEntry): Promise<void> {
  changeSettings({ model: id });
  await openModel({ kind: 'catalogue', id, base: document.baseURI, ...runOn.choice }, name);
}

/** Stops a download; what has arrived is kept, and loading the same file again goes on from there. */
export function pauseLoading(): Promise<void> {
  return worker().pauseLoading();
}

export function readShelf(): Promise<Shelf> {
  return worker().shelf();
}

/** @param contextLength tokens for which each model's KV cache is planned */
export function readHubModels(contextLength: number): Promise<HubModels> {
  return worker().hubModels(contextLength);
}

/** @returns whether it is gone; if not, a notice says why */
export async function deleteKept(key: string): Promise<boolean> {
  try {
    await worker().deleteKept(key);
    return true;
  } catch (error) {
    notifyFailure(error);
    return false;
  }
}

/** @throws EngineError: one sentence on what is wrong with the name, the hub or the network */
export function findModel(typed: string, hubUrl?: string): Promise<Found> {
  return worker().findModel(typed, hubUrl);
}

/** Models that web-llm runs, in the form that this machine takes. */
export function readWebLlmModels(): Promise<WebLlmOffers> {
  return worker().webLlmModels();
}

/** How settings, and so links, name a model of web-llm's. */
const webLlmPrefix = 'web-llm:';

/** The id of a model of web-llm's that settings name; null where they name another. */
export function webLlmId(model: string): string | null {
  return model.startsWith(webLlmPrefix) ? model.slice(webLlmPrefix.length) : null;
}

/** Fetches a model of web-llm's, or takes what is kept of it, and loads it. */
export async function openWebLlmModel({ id, name }: Pick<WebLlmOffer, 'id' | 'name'>): Promise<void> {
  changeSettings({ model: webLlmPrefix + id });
  void navigator.storage?.persist?.().catch(() => false);
  await openModel({ kind: 'web-llm', id }, name);
}
