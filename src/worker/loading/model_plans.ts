import { EngineError } from '../../engines/contract.ts';
import { describeFile } from '../../engines/gguf/describe.ts';
import type { AdapterRoom } from '../../engines/webgpu/browser/adapter_room.ts';
import type { MemoryPlan } from '../../engines/webgpu/model/memory_plan.ts';
import { planFile, plannedFile } from '../../engines/webgpu/model/planned_file.ts';
import { HUB_MODELS, type HubModel } from '../../models/hub_models.ts';

export interface PlannedModel {
  readonly model: HubModel;
  readonly parameters: number;
  /** Bytes of the tensors. The file also has a header, mostly the vocabulary. */
  readonly fileBytes: number;
  /** The memory that it takes here with our own engine; null if that engine cannot run it. */
  readonly plan: MemoryPlan | null;
  /** Why it will not run here; null if it should run. */
  readonly problem: string | null;
}

/** What llama.cpp in 32-bit WebAssembly can map of one file, in bytes. */
const MAX_CPU_FILE = 2 ** 31;
const tooLargeForCpu = 'this browser has no WebGPU adapter, and on the CPU a file may have at most 2 GB';

/** @param contextLength how many tokens the KV cache must hold */
export function planModels(room: AdapterRoom | null, contextLength: number): PlannedModel[] {
  return HUB_MODELS.map((model) => planModel(model, room, contextLength));
}

function planModel(model: HubModel, room: AdapterRoom | null, contextLength: number): PlannedModel {
  const file = plannedFile(model);
  const { parameters, weightBytes: fileBytes } = describeFile(file);
  const planned = { model, parameters, fileBytes };
  // The engine for the CPU has another memory plan, which is not known here.
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
