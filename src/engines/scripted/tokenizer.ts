/** Longest match over the words, bytes for the rest: it can encode any text, and decoding gives the same text. */
import {
  EngineError,
  type ChatMessage,
  type EncodedChat,
  type StreamDecoder,
  type TokenId,
  type TokenKind,
  type Tokenizer,
} from '../contract.ts';
import { ASSISTANT, BOS, END, EOS, FIRST_BYTE, SYSTEM, USER, VOCABULARY } from './vocabulary.ts';

/** Bytes as a Latin-1 string, so that a Map can find them. */
function keyOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

const NORMAL = new Map<string, TokenId>();
const CONTROL = new Map<string, TokenId>();
let longest = 1;
for (const [id, token] of VOCABULARY.entries()) {
  if (token.kind === 'byte') continue;
  (token.kind === 'control' ? CONTROL : NORMAL).set(keyOf(token.bytes), id);
  longest = Math.max(longest, token.bytes.length);
}

export class ScriptedTokenizer implements Tokenizer {
  readonly vocabularySize = VOCABULARY.length;
  readonly bos = BOS;
  readonly eos = EOS;
  readonly endOfGeneration: ReadonlySet<TokenId> = new Set([EOS, END]);
  readonly hasChatTemplate = true;

  encode(text: string, options: { addSpecial?: boolean; parseSpecial?: boolean } = {}): TokenId[] {
    const bytes = new TextEncoder().encode(text);
    const ids: TokenId[] = options.addSpecial ? [BOS] : [];
    for (let at = 0; at < bytes.length;) {
      const [id, length] = longestMatch(bytes, at, options.parseSpecial ?? false);
      ids.push(id);
      at += length;
    }
    return ids;
  }

  bytes(token: TokenId): Uint8Array {
    return tokenOf(token).bytes;
  }

  label(token: TokenId): string {
    const { bytes } = tokenOf(token);
    const text = new TextDecoder().decode(bytes);
    if (!text.includes('\uFFFD')) return text;
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  }

  kind(token: TokenId): TokenKind {
    return tokenOf(token).kind;
  }

  decode(tokens: readonly TokenId[]): string {
    const decoder = this.decoder();
    return tokens.map((token) => decoder.push(token)).join('') + decoder.end();
  }

  decoder(): StreamDecoder {
    return new Utf8Stream();
  }

  encodeChat(
    messages: readonly ChatMessage[],
    { addGenerationPrompt = true }: { addGenerationPrompt?: boolean } = {},
  ): EncodedChat {
    if (messages.length === 0) {
      throw new EngineError('bad-template', 'The chat has no message; write one before you run it.');
    }
    const markers = { system: SYSTEM, user: USER, assistant: ASSISTANT };
    const turns = messages.map(
      ({ role, content }) => `${this.label(markers[role])}${content}${this.label(END)}\n`,
    );
    const tokens = messages.flatMap(({ role, content }) => [
      markers[role],
      ...this.encode(content),
      END,
      ...this.encode('\n'),
    ]);
    return {
      text: turns.join('') + (addGenerationPrompt ? this.label(ASSISTANT) : ''),
      tokens: [...tokens, ...(addGenerationPrompt ? [ASSISTANT] : [])],
    };
  }
}

function tokenOf(token: TokenId) {
  const found = VOCABULARY[token];
  if (found === undefined) {
    throw new EngineError(
      'bad-token',
      `Token ${token} is not in the vocabulary of ${VOCABULARY.length} tokens; use an id below that.`,
    );
  }
  return found;
}

function longestMatch(bytes: Uint8Array, at: number, parseSpecial: boolean): [id: TokenId, length: number] {
  for (let length = Math.min(longest, bytes.length - at); length > 0; length--) {
    const key = keyOf(bytes.subarray(at, at + length));
    const id = (parseSpecial ? CONTROL.get(key) : undefined) ?? NORMAL.get(key);
    if (id !== undefined) return [id, length];
  }
  return [FIRST_BYTE + bytes[at]!, 1];
}

/** Returns text only when it is whole UTF-8. */
class Utf8Stream implements StreamDecoder {
  #decoder = new TextDecoder();
  /** Bytes since the last whole character; a clone starts with them. */
  #pending: number[] = [];

  push(token: TokenId): string {
    const { bytes } = tokenOf(token);
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#pending = text === '' ? [...this.#pending, ...bytes] : trailingPartial(bytes);
    return text;
  }

  end(): string {
    this.#pending = [];
    return this.#decoder.decode();
  }

  clone(): StreamDecoder {
    const copy = new Utf8Stream();
    copy.#pending = [...this.#pending];
    copy.#decoder.decode(Uint8Array.from(this.#pending), { stream: true });
    return copy;
  }
}

/** The incomplete character at the end of `bytes`. */
function trailingPartial(bytes: Uint8Array): number[] {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return [];
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return back < length ? [...bytes.subarray(bytes.length - back)] : [];
    }
  }
  return [];
}
