/**
 * As much of a canvas's 2D context as charts and pictures use, written as SVG. Libraries for this set `style` attributes, which the
 * page's content security policy refuses, and lose the curves that Chart.js keeps in a `Path2D`. This one makes plain text, with
 * each baseline as a number, because not every program that reads SVG knows `dominant-baseline`.
 */
type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** What `save` keeps beside the matrix. */
const lookKeys = [
  'fillStyle',
  'strokeStyle',
  'lineWidth',
  'lineCap',
  'lineJoin',
  'lineDashOffset',
  'globalAlpha',
  'font',
  'textAlign',
  'textBaseline',
] as const;
type Look = Pick<SvgContext, (typeof lookKeys)[number]>;

/** How far below a text's reference line its own baseline is, in units of its size. */
const baselines: Readonly<Record<string, number>> = { middle: 0.35, top: 0.8, hanging: 0.8, bottom: -0.2 };
const anchors: Readonly<Record<string, string>> = { center: 'middle', right: 'end', end: 'end' };

export class SvgContext {
  #body: string[] = [];
  #defs: string[] = [];
  #path: string[] = [];
  #matrix: Matrix = [1, 0, 0, 1, 0, 0];
  #clip: string | null = null;
  #dash: readonly number[] = [];
  readonly #saved: (readonly [Matrix, string | null, readonly number[], Look])[] = [];
  fillStyle = '#000000';
  strokeStyle = '#000000';
  lineWidth = 1;
  lineCap = 'butt';
  lineJoin = 'miter';
  lineDashOffset = 0;
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign = 'start';
  textBaseline = 'alphabetic';

  /** @param measure the width of a text in a font, in pixels */
  constructor(
    readonly canvas: { width: number; height: number },
    private readonly measure: (text: string, font: string) => number,
  ) {}

  /** The picture so far, as a file's content. */
  get svg(): string {
    const { width, height } = this.canvas;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
      `<defs>${this.#defs.join('')}</defs>`,
      ...this.#body,
      '</svg>\n',
    ].join('\n');
  }

  save(): void {
    const look = Object.fromEntries(lookKeys.map((key) => [key, this[key]])) as unknown as Look;
    this.#saved.push([this.#matrix, this.#clip, this.#dash, look]);
  }
  restore(): void {
    const last = this.#saved.pop();
    if (!last) return;
    [this.#matrix, this.#clip, this.#dash] = last;
    Object.assign(this, last[3]);
  }
  setTransform(...matrix: Matrix): void {
    this.#matrix = matrix;
  }
  resetTransform(): void {
    this.#matrix = [1, 0, 0, 1, 0, 0];
  }
  translate(x: number, y: number): void {
    const [a, b, c, d, e, f] = this.#matrix;
    this.#matrix = [a, b, c, d, a * x + c * y + e, b * x + d * y + f];
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

  beginPath(): void {
    this.#path = [];
  }
  closePath(): void {
    this.#path.push('Z');
  }
  moveTo(x: number, y: number): void {
    this.#path.push(`M${at(x, y)}`);
  }
  lineTo(x: number, y: number): void {
    this.#path.push(`${this.#path.length === 0 ? 'M' : 'L'}${at(x, y)}`);
  }
  bezierCurveTo(a: number, b: number, c: number, d: number, x: number, y: number): void {
    this.#path.push(`C${at(a, b)} ${at(c, d)} ${at(x, y)}`);
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(`M${at(x, y)}h${short(width)}v${short(height)}h${short(-width)}Z`);
  }
  /** A whole turn is two half ones, because an arc of SVG cannot end where it begins. */
  arc(x: number, y: number, radius: number, from: number, to: number, backwards = false): void {
    const turn = 2 * Math.PI;
    const whole = Math.abs(to - from) >= turn - 1e-9;
    const span = whole ? turn : (((backwards ? from - to : to - from) % turn) + turn) % turn;
    const end = from + (backwards ? -span : span);
    const point = (angle: number): string => at(x + radius * Math.cos(angle), y + radius * Math.sin(angle));
    const half = (from + end) / 2;
    const sweep = backwards ? 0 : 1;
    this.#path.push(`${this.#path.length === 0 ? 'M' : 'L'}${point(from)}`);
    for (const angle of [half, end])
      this.#path.push(`A${short(radius)} ${short(radius)} 0 0 ${sweep} ${point(angle)}`);
  }
  clip(): void {
    const id = `c${this.#defs.length}`;
    this.#defs.push(
      `<clipPath id="${id}"${this.#clipped()}><path d="${this.#path.join('')}"${this.#turned()}/></clipPath>`,
    );
    this.#clip = id;
  }

  stroke(): void {
    const { strokeStyle, lineWidth, lineCap, lineJoin, lineDashOffset } = this;
    if (this.#path.length === 0 || lineWidth <= 0) return;
    const dash =
      this.#dash.length > 0
        ? ` stroke-dasharray="${this.#dash.join(' ')}" stroke-dashoffset="${lineDashOffset}"`
        : '';
    this.#add(
      `<path d="${this.#path.join('')}" fill="none" stroke="${escaped(strokeStyle)}" stroke-width="${short(lineWidth)}" stroke-linecap="${lineCap}" stroke-linejoin="${lineJoin}"${dash}${this.#turned()}/>`,
    );
  }
  fill(): void {
    if (this.#path.length === 0) return;
    this.#add(`<path d="${this.#path.join('')}" fill="${escaped(this.fillStyle)}"${this.#turned()}/>`);
  }
  fillRect(x: number, y: number, width: number, height: number): void {
    const path = this.#path;
    this.#path = [];
    this.rect(x, y, width, height);
    this.fill();
    this.#path = path;
  }
  /** Charts clear the whole picture before they draw, and nothing clears a part of it. */
  clearRect(): void {
    this.#body = [];
    this.#defs = [];
  }
  fillText(text: string, x: number, y: number): void {
    const { font, textAlign, textBaseline, fillStyle } = this;
    const { style, weight, size, family } = parts(font);
    const base = y + size * (baselines[textBaseline] ?? 0);
    this.#add(
      `<text x="${short(x)}" y="${short(base)}" fill="${escaped(fillStyle)}" font-family="${escaped(family)}" font-size="${size}" font-weight="${weight}" font-style="${style}" text-anchor="${anchors[textAlign] ?? 'start'}" xml:space="preserve"${this.#turned()}>${escaped(text)}</text>`,
    );
  }
  measureText(text: string): { width: number } {
    return { width: this.measure(text, this.font) };
  }
  setLineDash(dash: readonly number[]): void {
    this.#dash = dash;
  }

  #add(element: string): void {
    const { globalAlpha } = this;
    const opacity = globalAlpha === 1 ? '' : ` opacity="${globalAlpha}"`;
    const clip = this.#clipped();
    this.#body.push(clip + opacity === '' ? element : `<g${clip}${opacity}>${element}</g>`);
  }
  #clipped(): string {
    return this.#clip === null ? '' : ` clip-path="url(#${this.#clip})"`;
  }
  #turned(): string {
    const [a, b, c, d, e, f] = this.#matrix;
    if (a === 1 && b === 0 && c === 0 && d === 1 && e === 0 && f === 0) return '';
    return ` transform="matrix(${[a, b, c, d, e, f].map(short).join(' ')})"`;
  }
}

function short(value: number): string {
  return String(Number(value.toFixed(2)));
}

function at(x: number, y: number): string {
  return `${short(x)} ${short(y)}`;
}

function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // XML allows no other control characters.
      .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
  );
}

/** The parts of a font such as `italic bold 12px mono`. */
function parts(font: string): { style: string; weight: string; size: number; family: string } {
  const match = /^(.*?)(\d+(?:\.\d+)?)px(?:\/\S+)? (.+)$/.exec(font);
  const words = match?.[1]?.split(' ') ?? [];
  return {
    style: words.includes('italic') ? 'italic' : 'normal',
    weight: words.find((word) => word === 'bold' || /^\d{3}$/.test(word)) ?? 'normal',
    size: Number(match?.[2] ?? 10),
    family: match?.[3] ?? 'sans-serif',
  };
}
