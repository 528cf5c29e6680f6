/** Collects every row of a walk, for short texts. */
export async function allRows(walk: AsyncIterable<Float32Array>): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const row of walk) rows.push(row);
  return rows;
}
