import type { DeviceLimits } from '../model/memory_plan.ts';

/** Of the machine's memory, what a model may take: the browser and the system live in the rest. */
const SHARE_OF_MEMORY = 0.6;

/**
 * WebGPU does not tell how much memory there is, and a phone ends a page that takes too much without a word. Browsers
 * that tell of the machine's own memory round it and stop at 8 GB, where it says no more than "enough to try".
 */
export function memoryBound(): { availableMemory?: number } {
  const { deviceMemory } = navigator as WorkerNavigator & { readonly deviceMemory?: number };
  if (deviceMemory === undefined || deviceMemory >= 8) return {};
  return { availableMemory: SHARE_OF_MEMORY * deviceMemory * 2 ** 30 };
}

/** What an adapter allows, in bytes. `available` is of the machine's memory where the browser tells. */
export interface AdapterRoom extends DeviceLimits {
  readonly available: number | null;
}

/** @returns null without WebGPU */
export async function adapterRoom(): Promise<AdapterRoom | null> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return null;
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  return { maxBufferSize, maxStorageBufferBindingSize, available: memoryBound().availableMemory ?? null };
}
