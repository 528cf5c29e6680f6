/** Damages valid inputs, because a nearly valid input gets further than noise. */
import type { Chance } from './chance.ts';

/** Values of a count, a length or an offset that may do harm. */
const LIES = [
  0n,
  1n,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
  (1n << 53n) + 1n,
  (1n << 64n) - 1n,
];

/** @param within the damage lies in this many bytes from the front */
export function mutatedBytes(bytes: Uint8Array, within: number, chance: Chance): Uint8Array {
  const copy = bytes.slice();
  const at = chance.below(Math.max(1, within - 8));
  switch (chance.below(5)) {
    case 0:
      for (let i = chance.below(8); i >= 0; i--) copy[chance.below(within)] = chance.below(256);
      return copy;
    case 1:
      new DataView(copy.buffer).setBigUint64(at, chance.pick(LIES), true);
      return copy;
    case 2:
      return copy.slice(0, chance.below(copy.length));
    case 3:
      return Uint8Array.from([...copy.subarray(0, at), ...copy.subarray(at + 1 + chance.below(64))]);
    default: {
      const noise = chance.several(1, 64, () => chance.below(256));
      return Uint8Array.from([...copy.subarray(0, at), ...noise, ...copy.subarray(at)]);
    }
  }
}

/**
 * Makes one to four changes to a text: removes, repeats, moves or replaces a stretch, or inserts pieces.
 * @param pieces tokens of the text's language, so that changes stay close to it
 */
export function mutatedText(text: string, pieces: readonly string[], chance: Chance): string {
  let out = text;
  for (let n = chance.below(4); n >= 0; n--) {
    const from = chance.below(out.length + 1);
    const to = Math.min(out.length, from + chance.below(chance.oneIn(4) ? out.length + 1 : 12));
    const [before, stretch, after] = [out.slice(0, from), out.slice(from, to), out.slice(to)];
    switch (chance.below(6)) {
      case 0:
        out = before + after;
        break;
      case 1:
        out = before + stretch.repeat(2 + chance.below(chance.oneIn(8) ? 200 : 4)) + after;
        break;
      case 2:
        out = before + chance.several(1, 6, () => chance.letter()).join('') + after;
        break;
      case 3:
        out = after + stretch + before;
        break;
      default:
        out =
          before +
          chance.several(1, 3, () => chance.pick(pieces)).join('') +
          (chance.oneIn(2) ? stretch : '') +
          after;
    }
  }
  return out;
}

/**
 * Changes one leaf or branch of a value: to another kind of value, an odd number or a long text, or by repeating or removing
 * something.
 */
export function mutatedJson(value: unknown, chance: Chance): unknown {
  if (typeof value !== 'object' || value === null || chance.oneIn(8)) return oddValue(value, chance);
  if (Array.isArray(value)) {
    const list = [...(value as unknown[])];
    const at = chance.below(list.length + 1);
    if (list.length === 0 || chance.oneIn(5))
      list.splice(at, chance.below(2), list[0] ?? oddValue(null, chance));
    else list[at % list.length] = mutatedJson(list[at % list.length], chance);
    return list;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return oddValue(value, chance);
  const at = chance.below(entries.length);
  const [key, inner] = entries[at]!;
  if (chance.oneIn(6)) entries.splice(at, 1);
  else if (chance.oneIn(8)) entries.push([chance.pick(['__proto__', 'constructor', '', `${key}x`]), inner]);
  else entries[at] = [key, mutatedJson(inner, chance)];
  return Object.fromEntries(entries);
}

const ODD_NUMBERS = [0, -0, 1, -1, 0.5, 1e300, -1e300, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, -(2 ** 53), 1e-9];

function oddValue(value: unknown, chance: Chance): unknown {
  switch (chance.below(6)) {
    case 0:
      return chance.pick(ODD_NUMBERS);
    case 1:
      return typeof value === 'string'
        ? value.repeat(chance.below(20))
        : chance.letter().repeat(chance.below(2000));
    case 2:
      return chance.pick<unknown>([null, true, false, [], {}, '', [[]], [null]]);
    case 3:
      return [value];
    case 4:
      return { value };
    default:
      return typeof value === 'number' ? value * chance.pick([-1, 1e9, 1e-9, 2]) : String(value);
  }
}
