import type { Profiler } from './profiler.ts';

/** One dispatch of a plan. Everything in it is created once; encoding it allocates nothing. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly GPUBindGroup[];
  /** Workgroups in x, for the whole matrix or row; those past the limit of one dimension continue in z. */
  readonly across: number;
  /** The count that y covers: rows of the pass, or rows whose logits are wanted. */
  readonly over: 'rows' | 'outputs';
  /** Rows per workgroup. */
  readonly rowsPerGroup: number;
}

/** WebGPU's limit on workgroups in one dimension. */
const MAX_WORKGROUPS = 65_535;

/** Records `plans`, one after the other, for this many rows and outputs: in one pass, or in one timed pass per dispatch. */
export function encodePlans(
  encoder: GPUCommandEncoder,
  plans: readonly (readonly Dispatch[])[],
  counts: { readonly rows: number; readonly outputs: number },
  profiler?: Profiler,
): void {
  if (profiler) {
    for (const dispatch of plans.flat()) {
      const pass = encoder.beginComputePass(profiler.pass(dispatch.label));
      encodeDispatch(pass, dispatch, counts[dispatch.over]);
      pass.end();
    }
    return;
  }
  const pass = encoder.beginComputePass();
  for (const plan of plans)
    for (const dispatch of plan) encodeDispatch(pass, dispatch, counts[dispatch.over]);
  pass.end();
}

function encodeDispatch(pass: GPUComputePassEncoder, dispatch: Dispatch, count: number): void {
  const { pipeline, groups, across, rowsPerGroup } = dispatch;
  pass.setPipeline(pipeline);
  for (let i = 0; i < groups.length; i++) pass.setBindGroup(i, groups[i]!);
  const z = Math.ceil(across / MAX_WORKGROUPS);
  pass.dispatchWorkgroups(Math.ceil(across / z), Math.ceil(count / rowsPerGroup), z);
}
