/**
 * `key=value&key=value` in a fragment (RFC 3986 §3.5), written so that a person can read and edit it: a space is `+`, and only
 * what would end a value, or what chats take for the end of a link, is escaped.
 */
import { maxPairs } from '../limits.ts';

export type Pair = readonly [key: string, value: string];

/** Left as they are in values; everything else goes as %XX of its UTF-8 bytes. */
const plain = /[^A-Za-z0-9\-_.~,:;/@!$*]/gu;

/** A lone surrogate has no UTF-8 and becomes U+FFFD, as a tokenizer would read it. */
function encodeValue(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, '\uFFFD')
    .replace(plain, (character) => (character === ' ' ? '+' : percentEncoded(character)));
}

/** encodeURIComponent leaves `'`, `(` and `)` alone, at which chats end a link. */
function percentEncoded(character: string): string {
  const escaped = encodeURIComponent(character);
  return escaped === character ? `%${character.charCodeAt(0).toString(16).toUpperCase()}` : escaped;
}

/** Bytes that are no UTF-8 become U+FFFD, and a `%` that escapes nothing stays one: nothing is ever refused. */
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
