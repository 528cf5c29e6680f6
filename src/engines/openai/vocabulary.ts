import type { ChatMessage, StreamDecoder, TokenId, TokenKind, Tokenizer } from '../contract.ts';
import type { ServerToken } from './replies.ts';

interface Entry {
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The turns of a conversation that stand as one entry, since the server and not the page tokenises them. */
  readonly messages?: readonly ChatMessage[];
}

/**
 * The tokens that a server has named so far. It keeps its vocabulary to itself, so ids are given out here in the order
 * in which tokens are met, and a prompt, whose tokens nobody tells, is one entry.
 */
export class ServerVocabulary implements Tokenizer {
  readonly bos = null;
  readonly eos = null;
  readonly endOfGeneration: ReadonlySet<TokenId> = new Set();
  readonly hasChatTemplate = true;
  readonly #entries: Entry[] = [];
  readonly #ids = new Map<string, TokenId>();

  get vocabularySize(): number {
    return this.#entries.length;
  }

  /** The id of a token, a new one for a token not met before. */
  idOf({ text, bytes }: ServerToken): TokenId {
    const own = bytes ?? new TextEncoder().encode(text);
    // Halves of characters all read U+FFFD: their bytes tell them apart, where the server sends any.
    const partial = bytes !== null && text.includes('\ufffd');
    const label = partial
      ? Array.from(own, (byte) => `\\x${byte.toString(16).toUpperCase()}`).join('')
      : text;
    return this.#enter(`t${label}`, { label, bytes: own });
  }

  encode(text: string): TokenId[] {
    if (text === '') return [];
    const messages = this.#turns.get(text);
    const entry = { label: text, bytes: new TextEncoder().encode(text), ...(messages ? { messages } : {}) };
    return [this.#enter(`${messages ? 'c' : 't'}${text}`, entry)];
  }

  /** The turns that this entry stands for, or null where it is text. */
  messages(token: TokenId): readonly ChatMessage[] | null {
    return this.#entries[token]?.messages ?? null;
  }

  bytes(token: TokenId): Uint8Array {
    return this.#entries[token]?.bytes ?? new Uint8Array(0);
  }

  label(token: TokenId): string {
    return this.#entries[token]?.label ?? `#${token}`;
  }

  kind(_token: TokenId): TokenKind {
    return 'normal';
  }

  decode(tokens: readonly TokenId[]): string {
    const decoder = this.decoder();
    return tokens.map((token) => decoder.push(token)).join('') + decoder.end();
  }

  decoder(): StreamDecoder {
    return new ByteDecoder(this, new Uint8Array(0));
  }

  readonly #turns = new Map<string, readonly ChatMessage[]>();

  /** The turns as they are sent: the server puts the model's own template around them. */
  applyChatTemplate(messages: readonly ChatMessage[]): string {
    const text = JSON.stringify(messages, null, 1);
    this.#turns.set(text, messages);
    return text;
  }

  #enter(key: string, entry: Entry): TokenId {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#ids.set(key, this.#entries.length);
    return this.#entries.push(entry) - 1;
  }
}

/** Gives text back when it is whole UTF-8. */
class ByteDecoder implements StreamDecoder {
  readonly #vocabulary: ServerVocabulary;
  #pending: Uint8Array;

  constructor(vocabulary: ServerVocabulary, pending: Uint8Array) {
    this.#vocabulary = vocabulary;
    this.#pending = pending;
  }

  push(token: TokenId): string {
    const more = this.#vocabulary.bytes(token);
    const all = new Uint8Array(this.#pending.length + more.length);
    all.set(this.#pending);
    all.set(more, this.#pending.length);
    const whole = all.length - incompleteEnd(all);
    this.#pending = all.slice(whole);
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all.subarray(0, whole));
  }

  end(): string {
    const rest = new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#pending);
    this.#pending = new Uint8Array(0);
    return rest;
  }

  clone(): StreamDecoder {
    return new ByteDecoder(this.#vocabulary, this.#pending);
  }
}

/** Bytes at the end that begin a character and do not end it. Source: RFC 3629. */
function incompleteEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
