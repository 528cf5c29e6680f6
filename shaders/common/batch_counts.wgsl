// The first words of the batch (common/batch.wgsl), for kernels that only need the number of rows.
struct Counts {
  rows: u32,
  table_stride: u32,
  outputs: u32,
}

@group(0) @binding(4) var<storage, read> counts: Counts;
