/** Deflate (RFC 1951) with the browser's own streams, and base64url (RFC 4648 §5). The inflated size is bounded. */

/** A packed text that is broken, or inflates to more than is allowed. */
export class PackedTextError extends Error {
  override readonly name = 'PackedTextError';
}

/** @returns characters of `A–Z a–z 0–9 - _` only */
export async function packBytes(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const packed = new Response(
    new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw')),
  ).arrayBuffer();
  return toBase64Url(new Uint8Array(await packed));
}

/**
 * @param maxBytes inflating stops beyond this size
 * @throws PackedTextError
 */
export async function unpackBytes(packed: string, maxBytes: number): Promise<Uint8Array> {
  return inflate(fromBase64Url(packed), maxBytes);
}

/** Deflate expands a byte to at most 1,032. A browser may inflate all of its input at once, so the slices are small. */
const sliceBytes = 1024;

function slices(bytes: Uint8Array<ArrayBuffer>): ReadableStream<BufferSource> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.subarray(at, (at += sliceBytes)));
      else controller.close();
    },
  });
}

async function inflate(bytes: Uint8Array<ArrayBuffer>, maxBytes: number): Promise<Uint8Array> {
  const reader = slices(bytes).pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > maxBytes) break;
      parts.push(part.value);
    }
  } catch (cause) {
    throw new PackedTextError('it is cut off or changed', { cause });
  }
  if (size > maxBytes) {
    // The unread rest is never inflated, because the stream works on demand.
    await reader.cancel().catch(() => undefined);
    throw new PackedTextError(`it comes to more than ${maxBytes} bytes`);
  }
  return joined(parts);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @throws PackedTextError */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new PackedTextError('it has characters that no record has');
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new PackedTextError('it is cut off', { cause });
  }
}
