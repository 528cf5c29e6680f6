/** How many lanes stand side by side. */
export interface LaneGrid {
  readonly columns: number;
  readonly rows: number;
  /** Only the lane in focus is shown: two do not fit beside each other. */
  readonly single: boolean;
}

/** A narrower column has too few words in a line to read. */
const narrowest = 200;

/** As many columns as fit into `width` pixels, and as few as the same number of rows needs: eight lanes are 4 + 4, not 5 + 3. */
export function laneGrid(lanes: number, width: number): LaneGrid {
  const most = Math.max(1, Math.floor(width / narrowest));
  const rows = Math.max(1, Math.ceil(lanes / most));
  return { columns: Math.max(1, Math.ceil(lanes / rows)), rows, single: lanes > 1 && most === 1 };
}
