/** Our engine on this browser's adapter. */
import type { ByteSource, Engine, LoadProgress } from '../../contract.ts';
import { loadWebGpuEngine } from '../engine.ts';
import { memoryBound } from './adapter_room.ts';
import { verdictsInBrowser } from './verdict_store.ts';

/**
 * What the self-test found on this adapter is kept for the next visit, and what a step costs can be measured.
 * @throws EngineError as `loadWebGpuEngine`
 */
export function openWebGpu(
  source: ByteSource,
  options: { readonly signal: AbortSignal; readonly onProgress: (progress: LoadProgress) => void },
): Promise<Engine> {
  return loadWebGpuEngine(source, {
    ...options,
    ...memoryBound(),
    gpu: navigator.gpu,
    verdicts: verdictsInBrowser,
    counted: true,
  });
}
