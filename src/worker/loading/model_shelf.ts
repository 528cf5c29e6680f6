/** Answers for the page's list of models: which are kept, and where others are found. */
import { listKept } from '../../models/model_store.ts';
import { opfsStore } from '../../models/opfs_store.ts';
import { storageRoom } from '../../models/storage_room.ts';
import { deleteWebLlmModel } from '../../engines/web-llm/open.ts';
import { adapterRoom } from '../../engines/webgpu/browser/adapter_room.ts';
import { planModels } from './model_plans.ts';
import type { Found, HubModels, Shelf } from '../api/models_api.ts';

export async function readShelf(): Promise<Shelf> {
  const store = await opfsStore();
  const [kept, room] = await Promise.all([store ? listKept(store) : [], storageRoom()]);
  return { kept, room, available: store !== null };
}

/** Prefix of the keys of models that web-llm keeps. */
const WEB_LLM = 'web-llm:';

/** @throws EngineError `not-supported` while another tab downloads it */
export async function deleteKept(key: string): Promise<void> {
  if (key.startsWith(WEB_LLM)) return deleteWebLlmModel(key.slice(WEB_LLM.length));
  await (await opfsStore())?.remove(key);
}

/** @throws EngineError `not-supported` if `typed` is not an address, `network`, `bad-reply` */
export async function findModel(typed: string, hubUrl?: string): Promise<Found> {
  // The hub's library is fetched with the first question to the hub.
  const { listRepository, parsePlace } = await import('../../models/hub.ts');
  const place = parsePlace(typed, hubUrl);
  if (place.kind === 'url') return { kind: 'url', file: { url: place.url, fileName: place.fileName } };
  const repository = await listRepository(place.name, hubUrl === undefined ? {} : { hubUrl });
  return { kind: 'repository', repository, path: place.kind === 'file' ? place.path : null };
}

export async function readHubModels(contextLength: number): Promise<HubModels> {
  const room = await adapterRoom();
  return { models: planModels(room, contextLength), room };
}
