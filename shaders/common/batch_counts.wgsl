// The head of the batch (common/batch.wgsl), for kernels that need no more of it than how many rows there are.
struct Counts {
  rows: u32,
  table_stride: u32,
  outputs: u32,
}

@group(0) @binding(4) var<storage, read> counts: Counts;
