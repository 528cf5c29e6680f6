import type { DeviceLimits } from '../model/memory_plan.ts';

/** Share of the machine's memory that a model may take; the browser and the system need the rest. */
const SHARE_OF_MEMORY = 0.6;

/**
 * WebGPU does not report how much memory there is, and a phone silently kills a page that takes too much. Browsers that report
 * the machine's memory round it and report at most 8 GB, so at 8 GB we set no bound.
 */
export function memoryBound(): { availableMemory?: number } {
  const { deviceMemory } = navigator as WorkerNavigator & { readonly deviceMemory?: number };
  if (deviceMemory === undefined || deviceMemory >= 8) return {};
  return { availableMemory: SHARE_OF_MEMORY * deviceMemory * 2 ** 30 };
}

/** What an adapter allows, in bytes. `available` is a share of the machine's memory; null if that is unknown. */
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
