/** The types that describe models across the worker's boundary: where one comes from, which are kept, which is loaded. */
import type { Capabilities, EngineDescription, EngineKind, ModelInfo } from '../../engines/contract.ts';
import type { HubRepository } from '../../models/hub.ts';
import type { KeptModel, RemoteFile } from '../../models/model_store.ts';
import type { StorageRoom } from '../../models/storage_room.ts';
import type { NumberKey } from '../../sampling/params.ts';
import type { AdapterRoom } from '../../engines/webgpu/browser/adapter_room.ts';
import type { PlannedModel } from '../loading/model_plans.ts';

/** Where a model comes from. */
export type ModelChoice =
  /** `stepDelay`: milliseconds that each forward pass takes, to try the page at a given speed. */
  | { readonly kind: 'scripted'; readonly stepDelay?: number }
  /** `base`: the page's address; the catalogue's files are relative to it. */
  | ({ readonly kind: 'catalogue'; readonly id: string; readonly base: string } & Placed)
  | ({ readonly kind: 'file'; readonly file: File } & Placed)
  /** Downloaded, checked, and kept if the browser allows it. */
  | ({ readonly kind: 'remote'; readonly file: RemoteFile } & Placed)
  /** A model of web-llm, by its id in our list. */
  | { readonly kind: 'web-llm'; readonly id: string }
  /** A model on an OpenAI-compatible server. The worker holds the key in memory and never stores it. */
  | { readonly kind: 'server'; readonly baseUrl: string; readonly model: string; readonly key: string };

/** `cpu`: llama.cpp in WebAssembly instead of our own engine on the GPU. Without WebGPU all files run this way. */
export interface Placed {
  readonly runOn?: 'gpu' | 'cpu';
}

/** What the page knows about a loaded engine. */
export interface EngineSummary {
  readonly kind: EngineKind;
  readonly model: ModelInfo;
  readonly capabilities: Capabilities;
  readonly description: EngineDescription;
  readonly hasChatTemplate: boolean;
  /** The parameters that a server takes; null if sampling happens here, where all parameters count. */
  readonly taken: readonly NumberKey[] | null;
  /** Sentences that tell the person how it was loaded. */
  readonly notes: readonly string[];
}

/** The models that this browser keeps for the page. */
export interface Shelf {
  readonly kept: readonly KeptModel[];
  /** Null if the browser does not tell. */
  readonly room: StorageRoom | null;
  /** False if this browser keeps no files for the page. */
  readonly available: boolean;
}

export interface HubModels {
  readonly models: readonly PlannedModel[];
  /** What the adapter allows; null without WebGPU. */
  readonly room: AdapterRoom | null;
}

/** What an address or a repository's name refers to. */
export type Found =
  /** `path`: the file that the address named. */
  | { readonly kind: 'repository'; readonly repository: HubRepository; readonly path: string | null }
  | { readonly kind: 'url'; readonly file: RemoteFile };
