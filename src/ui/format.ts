/** How numbers read on the page. One place, so that the same value never has two spellings. */
import type { RunTiming } from '../decoding/events.ts';

/** Below it a plain number would be mostly zeros, and a power of ten says more. */
const leastPlain = 0.001;

/**
 * Any number with three significant digits: `12.3`, `0.0412`, `1.6×10⁻⁵`. Every number that is not a count, a fixed number of
 * decimals or a size is written by this.
 */
export function figure(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < leastPlain || size >= 1e6)) {
    const [digits, exponent] = value.toExponential(2).split('e');
    return `${String(Number(digits)).replace('-', '−')}×${powerOfTen(Number(exponent))}`;
  }
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** `10⁻⁴`, as axes write it. */
export function powerOfTen(exponent: number): string {
  return `10${String(exponent).replace(/./g, (sign) => (sign === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(sign)]!))}`;
}

/** A probability in [0, 1] as a percentage with three significant digits: `12.3 %`, `0.0412 %`, `1.6×10⁻⁷ %`. */
export function percent(p: number): string {
  if (p < 1 && p >= 0.99995) return '> 99.99 %';
  if (p < 1 && p >= 0.9995) return `${(p * 100).toFixed(2)} %`;
  const value = figure(p * 100);
  return Number.isNaN(p) ? value : `${value} %`;
}

/** A logprob, logit or entropy: three decimals, and a real minus sign. */
export function decimal(value: number, digits = 3): string {
  if (value === Infinity) return '∞';
  if (value === -Infinity) return '−∞';
  if (Number.isNaN(value)) return '–';
  return value.toFixed(digits).replace('-', '−');
}

/** A count with thin spaces between thousands. */
export function count(value: number): string {
  if (Number.isNaN(value)) return '–';
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}

/** Fewer steps make no speed. */
const fewSteps = 5;

/** What a run came to: `24 tokens at 44.4 tok/s`. */
export function tokensOfRun({ tokens, steps, decodeMs }: RunTiming): string {
  const speed = steps >= fewSteps && decodeMs > 0 ? ` at ${tokensPerSecond(tokens, decodeMs)}` : '';
  return `${tokenCount(tokens)}${speed}`;
}

/** `44.4 tok/s`. */
export function tokensPerSecond(tokens: number, ms: number): string {
  return ms > 0 ? `${((tokens / ms) * 1000).toFixed(1)} tok/s` : '–';
}

/** `1 token`, `24 tokens`. */
export function tokenCount(tokens: number): string {
  return `${count(tokens)} ${tokens === 1 ? 'token' : 'tokens'}`;
}

/** Where a token stands, numbered from 1 as people count: `output token 36`, `prompt token 2`. */
export function placeOf(position: number, promptLength: number): string {
  const prompt = position < promptLength;
  return `${prompt ? 'prompt' : 'output'} token ${count(prompt ? position + 1 : position - promptLength + 1)}`;
}

/** What the candidates that are not listed are called. NaN: nobody told how many there are. */
export function restName(rest: { readonly count: number }): string {
  return Number.isNaN(rest.count) ? 'all others' : `the other ${count(rest.count)}`;
}

/** Bytes in the units that memory is bought in (powers of 1000, as browsers and hubs show file sizes). */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let scaled = value;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  return `${unit === 0 ? scaled : Number(scaled.toPrecision(3))} ${units[unit]}`;
}

/** Milliseconds, or seconds from one second on. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`;
}

/** A wait in whole seconds, minutes or hours: `4 s`, `3 min`, `1 h 20 min`. */
export function timeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A token's text with what cannot be seen made visible: `␣`, `↵`, `⇥`, and controls and rare spaces as `⟨00A0⟩`. */
export function visible(text: string): string {
  return text
    .replaceAll(' ', '␣')
    .replaceAll('\n', '↵')
    .replaceAll('\t', '⇥')
    .replaceAll('\r', '␍')
    .replace(
      // eslint-disable-next-line no-control-regex -- showing control characters is what this is for
      /[\u0000-\u001f\u007f-\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2069\u3000\ufeff]/g,
      (character) => `⟨${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}⟩`,
    );
}

/** A token's visible text, cut so that it leaves room for the chart that it names a row of. */
export function rowName(text: string, most = 22): string {
  const name = [...visible(text)];
  return name.length > most ? `${name.slice(0, most - 1).join('')}…` : name.join('');
}
