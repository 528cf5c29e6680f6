/** Models on a server. Nothing is sent to it before a click that names it. */
import type { ServerModel } from '../engines/openai/replies.ts';
import type { NumberKey } from '../sampling/params.ts';
import { worker } from './connection.ts';
import { openModel } from './engine_actions.ts';
import { changeSettings } from './settings_actions.ts';
import { modelPattern } from './settings_schema.ts';
import { playground } from './state.svelte.ts';

export interface ServerAddress {
  readonly baseUrl: string;
  /** Lives in the page and its worker until the page is closed, and is never stored, exported or put in a link. */
  readonly key: string;
}

/** @throws EngineError that says in one sentence what is wrong with the address, the server or the network */
export function serverModels({ baseUrl, key }: ServerAddress): Promise<readonly ServerModel[]> {
  return worker().serverModels(baseUrl, key);
}

export async function openServerModel(
  { baseUrl, key }: ServerAddress,
  { id, name }: ServerModel,
): Promise<void> {
  // A link names the model, but neither the server nor the path of a file there, because both are private.
  const inLink = `server:${name}`;
  changeSettings({ model: modelPattern.test(inLink) ? inLink : 'server' });
  await openModel({ kind: 'server', baseUrl, model: id, key }, name);
}

/** The server that receives the text; null while everything stays on this machine. */
export function serverHost(): string | null {
  const { engine } = playground;
  return engine.phase === 'ready' && engine.summary.kind === 'openai'
    ? engine.summary.description.adapter
    : null;
}

/** Why the loaded engine cannot be held to a grammar, or null. */
export function grammarRefused(): string | null {
  const server = serverHost();
  return server && `${server} samples by itself and takes no grammar from here.`;
}

/** Why a parameter cannot be set on the loaded engine, or null. */
export function parameterRefused(key: NumberKey): string | null {
  const { engine } = playground;
  if (engine.phase !== 'ready' || engine.summary.taken === null || engine.summary.taken.includes(key))
    return null;
  return `${engine.summary.description.adapter} samples by itself and does not take this parameter.`;
}
