import { linkShader, type ShaderVariant, variantKey } from './shaders.ts';

/** The kind of a binding in a layout; `null` leaves its number unused. */
export type BindingKind = 'uniform' | 'read' | 'write' | null;

export interface PipelineRequest extends ShaderVariant {
  /** One layout per bind group, in order. */
  readonly layouts: readonly GPUBindGroupLayout[];
}

const BUFFER_TYPES = { uniform: 'uniform', read: 'read-only-storage', write: 'storage' } as const;

/**
 * Pipelines and layouts of one device; each is created once. Compiling is asynchronous, and requests of one turn of the event
 * loop compile in parallel, so a caller starts all it needs before it awaits the first.
 */
export class Pipelines {
  readonly #device: GPUDevice;
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  #compiling = 0;
  #since = 0;
  #compilingMs = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The layout of bindings 0, 1, … of these kinds. */
  layout(kinds: readonly BindingKind[]): GPUBindGroupLayout {
    const label = kinds.map((kind) => kind ?? '-').join(' ');
    let layout = this.#layouts.get(label);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label,
        entries: kinds.flatMap((kind, binding) =>
          kind ? [{ binding, visibility: GPUShaderStage.COMPUTE, buffer: { type: BUFFER_TYPES[kind] } }] : [],
        ),
      });
      this.#layouts.set(label, layout);
    }
    return layout;
  }

  /** @throws Error with the compiler's message and the variant's name if the shader does not compile */
  get(request: PipelineRequest): Promise<GPUComputePipeline> {
    const layouts = request.layouts.map((layout) => layout.label);
    const key = [variantKey(request), ...layouts].join(' | ');
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#compile(request, key);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  /** Milliseconds so far during which at least one pipeline was compiling. */
  get compilingMs(): number {
    return this.#compilingMs + (this.#compiling > 0 ? performance.now() - this.#since : 0);
  }

  async #compile(request: PipelineRequest, label: string): Promise<GPUComputePipeline> {
    if (this.#compiling++ === 0) this.#since = performance.now();
    try {
      const code = await linkShader(request);
      // The caller handles the driver's objections to a module; the page must not see them as uncaught errors.
      this.#device.pushErrorScope('validation');
      const module = this.#device.createShaderModule({ label, code });
      void this.#device.popErrorScope().catch(() => undefined);
      return await this.#device.createComputePipelineAsync({
        label,
        layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [...request.layouts] }),
        compute: { module, entryPoint: 'main' },
      });
    } finally {
      if (--this.#compiling === 0) this.#compilingMs += performance.now() - this.#since;
    }
  }
}

/** A bind group with these buffers at bindings 0, 1, …; `null` leaves a number unused. */
export function bindGroup(
  device: GPUDevice,
  label: string,
  layout: GPUBindGroupLayout,
  buffers: readonly (GPUBuffer | null)[],
): GPUBindGroup {
  return device.createBindGroup({
    label,
    layout,
    entries: buffers.flatMap((buffer, binding) => (buffer ? [{ binding, resource: { buffer } }] : [])),
  });
}
