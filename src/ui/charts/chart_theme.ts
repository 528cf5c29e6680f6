/** The colours and type that charts take from the page's custom properties. */
export interface ChartTheme {
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly panel: string;
  readonly raw: string;
  readonly final: string;
  readonly gone: string;
  readonly cut: string;
  readonly accent: string;
  readonly font: string;
  readonly mono: string;
  /** How many times as large as usual their type is; default 1. */
  readonly type?: number;
}

const properties: Readonly<Record<keyof Omit<ChartTheme, 'type'>, string>> = {
  ink: '--ink',
  muted: '--ink-3',
  grid: '--chart-grid',
  panel: '--panel',
  raw: '--chart-raw',
  final: '--chart-final',
  gone: '--chart-gone',
  cut: '--chart-cut',
  accent: '--accent',
  font: '--font',
  mono: '--mono',
};

/** Reads the theme from the computed style of `element`, because charts cannot resolve `var()` themselves. */
export function readChartTheme(element: Element): ChartTheme {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const named = Object.entries(properties).map(([key, property]) => [key, read(property)]);
  return { ...(Object.fromEntries(named) as unknown as ChartTheme), type: Number(read('--chart-type')) || 1 };
}

/** The size in pixels of type that is usually `size` pixels high. */
export function typeSize({ type = 1 }: ChartTheme, size: number): number {
  return Math.round(size * type);
}
