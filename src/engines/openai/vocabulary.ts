import {
  type ChatMessage,
  type EncodedChat,
  EngineError,
  type StreamDecoder,
  type TokenId,
  type TokenKind,
  type Tokenizer,
} from '../contract.ts';
import type { ServerToken } from './replies.ts';

interface Entry {
  readonly label: string;
  readonly kind: TokenKind;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The turns of a conversation, held as one entry because the server tokenises them, not the page. */
  readonly messages?: readonly ChatMessage[];
}

/** Maximum of prompts held before they run: more than the page tokenises between a prompt and its run. */
const MOST_OFFERED = 8;

/**
 * The tokens that a server has named so far. The server does not publish its vocabulary or the tokens of a prompt, so a prompt is
 * one entry. A token has the server's id if the server reports it; other entries are numbered in the order of their first
 * appearance, after all of the server's ids.
 */
export class ServerVocabulary implements Tokenizer {
  readonly bos = null;
  readonly eos = null;
  readonly endOfGeneration: ReadonlySet<TokenId> = new Set();
  readonly hasChatTemplate = true;
  readonly #entries = new Map<TokenId, Entry>();
  readonly #ids = new Map<string, TokenId>();
  /** Prompts that were tokenised and have not run, by their key. */
  readonly #offered = new Map<string, TokenId>();
  #next: TokenId;

  /** @param serverSize entries of the server's vocabulary if it reports ids; 0 if it does not */
  constructor(readonly serverSize = 0) {
    this.#next = serverSize;
  }

  get vocabularySize(): number {
    return this.serverSize + this.#ids.size;
  }

  /** The id of a token; a token that appears for the first time gets a new id. */
  idOf({ id, text, bytes }: ServerToken): TokenId {
    const own = bytes ?? new TextEncoder().encode(text);
    const kind = own.length === 0 ? 'control' : 'normal';
    if (id !== null && id < this.serverSize) {
      // An end-of-text token has no text, so its label shows its number.
      if (!this.#entries.get(id)?.bytes.length)
        this.#entries.set(id, { label: labelOf(own) || `<token ${id}>`, kind, bytes: own });
      return id;
    }
    const label = labelOf(own);
    // From now on this token also stands for a prompt with the same text.
    this.#offered.delete(`t${label}`);
    return this.#enter(`t${label}`, { label: label || '(no text)', kind, bytes: own });
  }

  /** Unless a prompt is kept, it is forgotten after several others: each keystroke makes one. */
  encode(text: string): TokenId[] {
    return text === '' ? [] : [this.#offer(`t${text}`, text)];
  }

  /** The turns as they are sent: the server applies the model's own template. */
  encodeChat(messages: readonly ChatMessage[]): EncodedChat {
    const text = JSON.stringify(messages, null, 1);
    return { text, tokens: [this.#offer(`c${text}`, text, messages)] };
  }

  /** Keeps the entries that belong to a run. @throws EngineError `bad-token` for one that was forgotten */
  keep(tokens: readonly TokenId[]): void {
    for (const token of tokens) {
      if (!this.#entries.has(token)) {
        throw new EngineError('bad-token', 'This prompt is no longer held; type it again.');
      }
      for (const [key, id] of this.#offered) if (id === token) this.#offered.delete(key);
    }
  }

  #offer(key: string, text: string, messages?: readonly ChatMessage[]): TokenId {
    const bytes = new TextEncoder().encode(text);
    const known = this.#ids.get(key);
    const id = this.#enter(key, { label: text, kind: 'normal', bytes, ...(messages ? { messages } : {}) });
    // The latest prompt is the last entry.
    if (known === undefined || this.#offered.delete(key)) this.#offered.set(key, id);
    const [oldest] = this.#offered;
    if (oldest && this.#offered.size > MOST_OFFERED) {
      this.#offered.delete(oldest[0]);
      this.#ids.delete(oldest[0]);
      this.#entries.delete(oldest[1]);
    }
    return id;
  }

  /** The turns that this entry holds, or null if it is text. */
  messages(token: TokenId): readonly ChatMessage[] | null {
    return this.#entries.get(token)?.messages ?? null;
  }

  bytes(token: TokenId): Uint8Array {
    return this.#entries.get(token)?.bytes ?? new Uint8Array(0);
  }

  label(token: TokenId): string {
    return this.#entries.get(token)?.label ?? `#${token}`;
  }

  kind(token: TokenId): TokenKind {
    return this.#entries.get(token)?.kind ?? 'normal';
  }

  decode(tokens: readonly TokenId[]): string {
    const decoder = this.decoder();
    return tokens.map((token) => decoder.push(token)).join('') + decoder.end();
  }

  decoder(): StreamDecoder {
    return new ByteDecoder(this, new Uint8Array(0));
  }

  #enter(key: string, entry: Entry): TokenId {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#next++;
    this.#ids.set(key, id);
    this.#entries.set(id, entry);
    return id;
  }
}

/** The text. For bytes that are not text, the bytes: as text, all parts of characters would look the same. */
function labelOf(bytes: Uint8Array<ArrayBuffer>): string {
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
  }
}

/** Returns text only when it is whole UTF-8. */
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

/** Number of bytes at the end that begin a character without completing it. Source: RFC 3629. */
function incompleteEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}
