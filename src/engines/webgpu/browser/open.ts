/** Our engine on this browser's adapter. */
import type { ByteSource, Engine, LoadOptions } from '../../contract.ts';
import { loadWebGpuEngine, type WebGpuEngineOptions } from '../engine.ts';
import { memoryBound } from './adapter_room.ts';
import { verdictsInBrowser } from './verdict_store.ts';

/**
 * The verdicts of the self-test are kept for the next visit, and what a step costs can be measured.
 * @param other in place of these
 * @throws EngineError as `loadWebGpuEngine`
 */
export function openWebGpu(
  source: ByteSource,
  options: LoadOptions,
  other: Partial<WebGpuEngineOptions> = {},
): Promise<Engine> {
  const { gpu } = navigator;
  const usual = { gpu, ...memoryBound(), verdicts: verdictsInBrowser, counted: true };
  return loadWebGpuEngine(source, { ...options, ...usual, ...other });
}
