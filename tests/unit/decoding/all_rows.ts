/** Every row of a walk at once, for texts that are known to be short. */
export async function allRows(walk: AsyncIterable<Float32Array>): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const row of walk) rows.push(row);
  return rows;
}
