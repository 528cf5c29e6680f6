/**
 * The sheet that a picture is drawn on: its title and legend above, the settings, the model and the record's hash below. One painter
 * draws it as pixels or as SVG.
 */
import type { ChartTheme } from './chart_theme.ts';
import type { LegendItem } from './legend.ts';
import { SvgContext } from './svg_context.ts';

export type PictureFormat = 'png' | 'svg';

/** What stands on every picture. */
export interface Caption {
  readonly title: string;
  /** Lines below the picture, each broken where it is too long. */
  readonly notes: readonly string[];
}

export interface Picture {
  /** In the file's name. */
  readonly name: string;
  /** On its button. */
  readonly label: string;
  readonly title: string;
  readonly legend: readonly LegendItem[];
  /** In CSS pixels. The height is that of the drawing alone, unless it is `whole`. */
  readonly width: number;
  readonly height: number;
  readonly whole?: true;
  /** Of title and notes; default 1. */
  readonly type?: number;
  /** Pixels of a PNG for one of the page; default: `pixelRatio`. */
  readonly ratio?: number;
  /** Draws `inner` high from `top`. `paper` draws everything around it and comes first. */
  readonly paint: (sheet: Sheet) => unknown;
  /** Formats that it cannot have. */
  readonly only?: PictureFormat;
}

export interface Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  readonly width: number;
  readonly height: number;
  readonly top: number;
  readonly inner: number;
  readonly bottom: number;
  readonly pixelRatio: number;
  readonly paper: () => void;
  /** What to do once the picture has been taken. */
  readonly afterwards: (cleanUp: () => void) => void;
}

/** How many pixels of a PNG stand for one of the page, unless the picture is very large. */
export const pixelRatio = 2;
/** Browsers make no longer canvas, and few make one with many more pixels. */
const longestSide = 16_000;
const mostPixels = 64e6;

/** A file's content. @throws Error when the browser has no memory for the picture */
export async function drawPicture(
  picture: Picture,
  { title, notes }: Caption,
  theme: ChartTheme,
  format: PictureFormat,
): Promise<Blob> {
  const ruler = document.createElement('canvas').getContext('2d')!;
  const measure = (text: string, font: string): number => {
    ruler.font = font;
    return ruler.measureText(text).width;
  };
  const { width, type = 1 } = picture;
  const [margin, titleHeight, legendHeight, noteHeight] = [12 * type, 20 * type, 18 * type, 14 * type];
  const fonts = { title: `600 ${13 * type}px ${theme.font}`, note: `${10 * type}px ${theme.font}` };
  const room = width - 2 * margin;
  const titles = wrapped(title, room, (text) => measure(text, fonts.title));
  const rows = legendRows(picture.legend, room, (text) => measure(text, fonts.note));
  const lines = notes.flatMap((note) => wrapped(note, room, (text) => measure(text, fonts.note)));
  const top = margin + titles.length * titleHeight + rows.length * legendHeight;
  const bottom = margin + lines.length * noteHeight;
  const inner = picture.whole ? picture.height - top - bottom : picture.height;
  const height = top + inner + bottom;
  let cleanUp = (): void => undefined;
  const afterwards = (next: () => void): void => void (cleanUp = next);
  const box = { width, height, top, inner, bottom, afterwards };

  const paperOn = (context: CanvasRenderingContext2D): void => {
    context.save();
    context.fillStyle = theme.panel;
    context.fillRect(0, 0, width, height);
    context.textBaseline = 'middle';
    context.textAlign = 'left';
    context.font = fonts.title;
    context.fillStyle = theme.ink;
    titles.forEach((line, index) => context.fillText(line, margin, margin + (index + 0.5) * titleHeight));
    context.font = fonts.note;
    rows.forEach((row, index) => {
      const y = margin + titles.length * titleHeight + (index + 0.4) * legendHeight;
      for (const { item, x } of row) drawKey(context, item, margin + x, y, theme);
    });
    context.fillStyle = theme.muted;
    lines.forEach((line, index) =>
      context.fillText(line, margin, height - bottom + (index + 0.8) * noteHeight),
    );
    context.restore();
  };

  if (format === 'svg') {
    const canvas = { width, height, getContext: (): unknown => context };
    const context = new SvgContext(canvas, measure);
    const drawn = context as unknown as CanvasRenderingContext2D;
    const paper = (): void => paperOn(drawn);
    const sheet = { canvas: canvas as unknown as HTMLCanvasElement, context: drawn, paper };
    await picture.paint({ ...sheet, ...box, pixelRatio: 1 });
    const file = new Blob([context.svg], { type: 'image/svg+xml' });
    cleanUp();
    return file;
  }
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d')!;
  const paper = (): void => paperOn(context);
  const scale = Math.min(
    picture.ratio ?? pixelRatio,
    longestSide / Math.max(width, height),
    Math.sqrt(mostPixels / (width * height)),
  );
  await picture.paint({ canvas, context, paper, ...box, pixelRatio: scale });
  try {
    return await toPng(canvas);
  } finally {
    cleanUp();
  }
}

/** For pictures without Chart.js: makes the canvas as large as its pixels, draws the paper, and moves to the drawing's corner. */
export function begin({ canvas, context, width, height, top, pixelRatio, paper }: Sheet): void {
  canvas.width = Math.round(width * pixelRatio);
  canvas.height = Math.round(height * pixelRatio);
  context.scale(pixelRatio, pixelRatio);
  paper();
  context.translate(0, top);
}

function drawKey(
  context: CanvasRenderingContext2D,
  { label, colour, mark, dash = [] }: LegendItem,
  x: number,
  y: number,
  theme: ChartTheme,
): void {
  if (mark === 'bar') {
    context.fillStyle = colour;
    context.fillRect(x, y - 4, 12, 8);
  } else {
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.setLineDash([...dash]);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 12, y);
    context.stroke();
    context.setLineDash([]);
  }
  context.fillStyle = theme.ink;
  context.fillText(label, x + 16, y);
}

/** The items of a legend in rows that fit. */
function legendRows(
  items: readonly LegendItem[],
  room: number,
  widthOf: (text: string) => number,
): { item: LegendItem; x: number }[][] {
  const rows: { item: LegendItem; x: number }[][] = [];
  let x = Infinity;
  for (const item of items) {
    const width = 16 + widthOf(item.label);
    if (x + width > room) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ item, x });
    x += width + 14;
  }
  return rows;
}

/** Lines of at most `room` pixels, broken at spaces; a word that is longer than a line is broken inside. */
export function wrapped(text: string, room: number, widthOf: (text: string) => number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > room && line.length > 1) {
      let fits = line.length - 1;
      while (fits > 1 && widthOf(line.slice(0, fits)) > room) fits--;
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** @throws Error when the browser has no memory for the picture */
export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob) resolve(blob);
      else reject(new Error(`A picture of ${canvas.width} × ${canvas.height} pixels could not be made.`));
    }, 'image/png');
  });
}
