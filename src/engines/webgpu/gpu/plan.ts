import type { Profiler } from './profiler.ts';

/** One dispatch of a plan. All of it is made once; encoding it allocates nothing. */
export interface Dispatch {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly groups: readonly GPUBindGroup[];
  /** Workgroups in x, for the whole matrix or row; past the limit of a dimension they go on in z. */
  readonly across: number;
  /** Which count y runs over: rows of the pass, or those whose logits are wanted. */
  readonly over: 'rows' | 'outputs';
  /** Rows that one workgroup takes. */
  readonly rowsPerGroup: number;
}

/** WebGPU's bound for workgroups in one dimension. */
const MAX_WORKGROUPS = 65_535;

/** Records `plans`, one after the other, for so many rows and outputs: in one pass, or in a timed pass for each dispatch. */
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
