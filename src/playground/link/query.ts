/**
 * `key=value&key=value` in a fragment (RFC 3986 §3.5) that a person can read and edit. A space is `+`. Only characters that would
 * end a value, or that chats take for the end of a link, are escaped.
 */
import { maxPairs } from '../limits.ts';

export type Pair = readonly [key: string, value: string];

/** Matches the characters that are escaped in values, as %XX of their UTF-8 bytes. */
const plain = /[^A-Za-z0-9\-_.~,:;/@!$*]/gu;

/** A lone surrogate has no UTF-8. It becomes U+FFFD, as it does in a tokenizer. */
function encodeValue(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(plain, (character) => (character === ' ' ? '+' : percentEncoded(character)));
}

/** Also escapes `'`, `(` and `)`, at which chats end a link and which encodeURIComponent leaves alone. */
function percentEncoded(character: string): string {
  const escaped = encodeURIComponent(character);
  return escaped === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : escaped;
}

/** Accepts everything: bytes that are not UTF-8 become U+FFFD, and a `%` that escapes nothing stays. */
function decodeValue(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  return spaced.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  });
}

export function writePairs(pairs: readonly Pair[]): string {
  return pairs.map(([key, value]) => `${key}=${encodeValue(value)}`).join('&');
}

/** @returns at most `maxPairs` pairs, in order; a part without `=` is a key with an empty value */
export function readPairs(query: string): Pair[] {
  return query
    .split('&', maxPairs)
    .filter((part) => part !== '')
    .map((part): Pair => {
      const equals = part.indexOf('=');
      if (equals < 0) return [decodeValue(part), ''];
      return [decodeValue(part.slice(0, equals)), decodeValue(part.slice(equals + 1))];
    });
}
