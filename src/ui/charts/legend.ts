/** What the colours of a chart mean: shown above it on the page, and drawn on its picture. */
export interface LegendItem {
  readonly label: string;
  readonly colour: string;
  readonly mark: 'bar' | 'line';
  readonly dash?: readonly number[];
}
