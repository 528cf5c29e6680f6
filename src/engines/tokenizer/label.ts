import type { TokenId } from '../contract.ts';

const STRICT = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/**
 * A token's text for a chart: whole characters as they are, and the bytes of partial ones as `\xE2`. A token without text
 * (`<|im_end|>`) shows its entry in the vocabulary.
 */
export function labelOf(bytes: Uint8Array, entry: string, token: TokenId): string {
  if (bytes.length === 0) return entry === '' ? `[${token}]` : entry;
  let label = '';
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      label += `\\x${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}`;
      at++;
    } else {
      label += STRICT.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return label;
}

/** Number of bytes of the whole character that begins at `at`; 0 if none does. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const length = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (at + length > bytes.length) return 0;
  try {
    STRICT.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
