/** Deflate (RFC 1951) and base64url (RFC 4648 §5) by the browser's own streams, with a bound on what may come out. */

/** A packed text that is broken, or would come to more than it may. */
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
 * @param maxBytes how much it may come to; inflating ends there, however much more the sender promised
 * @throws PackedTextError
 */
export async function unpackBytes(packed: string, maxBytes: number): Promise<Uint8Array> {
  return inflate(fromBase64Url(packed), maxBytes);
}

/** Deflate makes at most 1,032 bytes of one; a browser may inflate all that it is handed at once, so it is handed little. */
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
    // What is left unread is never inflated: the stream makes no more than is asked of it.
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
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new PackedTextError('it has characters that no recording has');
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new PackedTextError('it is cut off', { cause });
  }
}
