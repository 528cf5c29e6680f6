// The input of one forward pass: written once per step, and read by every kernel that needs a token, a position or a page.
import constants::{max_rows, page_size};

struct Row {
  token: u32,
  position: u32,  // in its sequence, from 0
  table: u32,     // index of the page table
  next: u32,      // the token that follows, if its rank is wanted
}

struct Batch {
  count: u32,         // rows in this pass
  table_stride: u32,  // page numbers per table
  output_count: u32,
  number: u32,        // of this pass; its results carry it (gpu/readback.ts)
  rows: array<Row, max_rows>,
  outputs: array<u32, max_rows>,  // rows whose logits are wanted
  tables: array<u32>,
}

@group(0) @binding(0) var<storage, read> batch: Batch;

/// The KV page that holds `position` of the sequence of page table `table`.
fn page_of(table: u32, position: u32) -> u32 {
  return batch.tables[table * batch.table_stride + position / page_size];
}
