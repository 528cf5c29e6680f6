/**
 * A canvas that keeps the texts written on it, with their corners, so that a chart can be drawn without a browser and its labels
 * looked at. Widths are those of Helvetica, which browsers' own fonts are about as wide as.
 */
import { BasicPlatform, type ChartConfiguration, type ChartType } from 'chart.js';
import { Chart } from '../../src/ui/charts/registry.ts';

type Point = readonly [x: number, y: number];
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface WrittenText {
  readonly text: string;
  /** Upper left, upper right, lower right, lower left. */
  readonly corners: readonly Point[];
}

const narrow = /[ijl.,:;'|!ftI()[\]]/;
const wide = /[mwMWQOGDC%@…␣→⟨⟩]/;

/** The width of a text in a font such as `bold 12px mono`. */
function widthOf(text: string, font: string): number {
  const size = Number(/(\d+(?:\.\d+)?)px/.exec(font)?.[1] ?? 10);
  if (font.includes('mono')) return text.length * size * 0.61;
  return [...text].reduce(
    (sum, letter) => sum + size * (narrow.test(letter) ? 0.32 : wide.test(letter) ? 0.89 : 0.56),
    0,
  );
}

function times([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f];
}

class RecordingContext {
  readonly texts: WrittenText[] = [];
  font = '10px sans';
  textAlign = 'start';
  textBaseline = 'alphabetic';
  globalAlpha = 1;
  #matrix: Matrix = [1, 0, 0, 1, 0, 0];
  readonly #saved: [Matrix, string, string, string][] = [];

  constructor(readonly canvas: object) {}

  save(): void {
    this.#saved.push([this.#matrix, this.font, this.textAlign, this.textBaseline]);
  }

  restore(): void {
    const last = this.#saved.pop();
    if (last) [this.#matrix, this.font, this.textAlign, this.textBaseline] = last;
  }

  setTransform(...matrix: Matrix): void {
    this.#matrix = matrix;
  }

  resetTransform(): void {
    this.#matrix = [1, 0, 0, 1, 0, 0];
  }

  translate(x: number, y: number): void {
    const [a, b, c, d] = this.#matrix;
    const [e, f] = times(this.#matrix, [x, y]);
    this.#matrix = [a, b, c, d, e, f];
  }

  rotate(angle: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.#matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f];
  }

  scale(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    this.#matrix = [a * x, b * x, c * y, d * y, e, f];
  }

  measureText(text: string): { width: number } {
    return { width: widthOf(text, this.font) };
  }

  fillText(text: string, x: number, y: number): void {
    if (text.trim() === '') return;
    const width = widthOf(text, this.font);
    const height = Number(/(\d+(?:\.\d+)?)px/.exec(this.font)?.[1] ?? 10) * 0.9;
    const left = { center: x - width / 2, right: x - width, end: x - width }[this.textAlign] ?? x;
    const top =
      { middle: y - height / 2, top: y, hanging: y, bottom: y - height }[this.textBaseline] ??
      y - height * 0.8;
    const corners: Point[] = [
      [left, top],
      [left + width, top],
      [left + width, top + height],
      [left, top + height],
    ];
    this.texts.push({ text, corners: corners.map((corner) => times(this.#matrix, corner)) });
  }
}

/** Draws a chart. @returns the texts that it wrote */
export function textsOf<T extends ChartType, D, L>(
  config: ChartConfiguration<T, D, L>,
  width: number,
  height: number,
): readonly WrittenText[] {
  const canvas: Record<string, unknown> = { width, height, style: {} };
  const recording = new RecordingContext(canvas);
  // Everything else that a chart asks of a context draws shapes, which nobody looks at here.
  const context = new Proxy(recording, {
    get: (target, key) => {
      const own = Reflect.get(target, key) as unknown;
      if (own === undefined) return () => undefined;
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  });
  canvas['getContext'] = () => context;
  const chart = new Chart(canvas as unknown as HTMLCanvasElement, {
    ...(config as ChartConfiguration),
    options: { ...config.options, responsive: false, animation: false } as ChartConfiguration['options'],
    platform: BasicPlatform,
  });
  // A chart draws while it is made; the second time, everything is where it belongs.
  recording.texts.length = 0;
  chart.draw();
  const texts = [...recording.texts];
  chart.destroy();
  return texts;
}

/** What is wrong with the labels of a picture of this size: those that overlap, and those that are cut off. */
export function faultsOf(texts: readonly WrittenText[], width: number, height: number): string[] {
  const slack = 0.75;
  const cut = texts
    .filter(({ corners }) =>
      corners.some(([x, y]) => x < -slack || y < -slack || x > width + slack || y > height + slack),
    )
    .map(({ text }) => `“${text}” is cut off`);
  const overlaps = texts.flatMap((one, i) =>
    texts
      .slice(i + 1)
      .filter((other) => overlap(one.corners, other.corners))
      .map((other) => `“${one.text}” lies on “${other.text}”`),
  );
  return [...cut, ...overlaps];
}

/** Two rectangles overlap unless a line along one of their sides has one of them on each side (separating axes). */
function overlap(one: readonly Point[], other: readonly Point[]): boolean {
  const sides = (corners: readonly Point[]): Point[] =>
    [0, 1].map((i) => [corners[i + 1]![0] - corners[i]![0], corners[i + 1]![1] - corners[i]![1]]);
  return [...sides(one), ...sides(other)].every(([dx, dy]) => {
    const length = Math.hypot(dx, dy);
    const along = (corners: readonly Point[]): number[] =>
      corners.map(([x, y]) => (x * dx + y * dy) / length);
    const [a, b] = [along(one), along(other)];
    return Math.min(Math.max(...a), Math.max(...b)) - Math.max(Math.min(...a), Math.min(...b)) > 0.5;
  });
}
