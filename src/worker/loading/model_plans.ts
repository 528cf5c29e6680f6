import { EngineError } from '../../engines/contract.ts';
import { describeFile } from '../../engines/gguf/describe.ts';
import type { AdapterRoom } from '../../engines/webgpu/browser/adapter_room.ts';
import type { MemoryPlan } from '../../engines/webgpu/model/memory_plan.ts';
import { planFile, plannedFile } from '../../engines/webgpu/model/planned_file.ts';
import { HUB_MODELS, type HubModel } from '../../models/hub_models.ts';

export interface PlannedModel {
  readonly model: HubModel;
  readonly parameters: number;
  /** Bytes of the tensors; the file is larger by its header, the vocabulary mostly. */
  readonly fileBytes: number;
  /** What it will take here, by our own engine's arithmetic; null where that cannot run it. */
  readonly plan: MemoryPlan | null;
  /** Why it will not run here; null where it should. */
  readonly problem: string | null;
}

/** What llama.cpp in 32-bit WebAssembly can map of one file, in bytes. */
const MAX_CPU_FILE = 2 ** 31;
const tooLargeForCpu = 'this browser gives no WebGPU adapter, and on the CPU a file may have 2 GB at most';

/** @param contextLength tokens for which the KV cache is planned */
export function planModels(room: AdapterRoom | null, contextLength: number): PlannedModel[] {
  return HUB_MODELS.map((model) => planModel(model, room, contextLength));
}

function planModel(model: HubModel, room: AdapterRoom | null, contextLength: number): PlannedModel {
  const file = plannedFile(model);
  const { parameters, weightBytes: fileBytes } = describeFile(file);
  const planned = { model, parameters, fileBytes };
  // On the CPU there is another engine, whose arithmetic is not known here.
  if (!room) return { ...planned, plan: null, problem: fileBytes < MAX_CPU_FILE ? null : tooLargeForCpu };
  try {
    const plan = planFile(file, room, contextLength);
    return { ...planned, plan, problem: problemOf(plan, room) };
  } catch (error) {
    if (error instanceof EngineError) return { ...planned, plan: null, problem: error.message };
    throw error;
  }
}

function problemOf(plan: MemoryPlan, { available }: AdapterRoom): string | null {
  if (available === null || plan.total <= available) return null;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en-GB')} MB`;
  return `it takes ${mb(plan.total)}, and this machine has about ${mb(available)} for it`;
}
