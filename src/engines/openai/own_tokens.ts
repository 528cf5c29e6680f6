import type { DrawnToken, Piece } from './replies.ts';

/**
 * Recovers the tokens that llama.cpp's server draws. Beside a token's id and logprob, its stream gives the text that is *sent*
 * at that moment, not the token's own text. For a token that leaves a character unfinished it sends nothing, neither text nor
 * logprob; the token that completes the character comes with the bytes of all. A token's own bytes are listed among the
 * alternatives, if it is one of them. Seen with build 11669; source: `process_token`, `populate_token_probs` and
 * `send_partial_response` of llama.cpp's tools/server/server-context.cpp.
 */
export class OwnTokens {
  /** Bytes of tokens that were returned here before the server sent their text. */
  #ahead: Bytes = new Uint8Array(0);
  #counted = 0;

  /** The piece with its tokens as they were drawn. The bytes of unreported tokens become one token without numbers. */
  separate(piece: Piece): Piece {
    const drawn = piece.counted === null ? 1 : piece.counted - this.#counted;
    this.#counted = piece.counted ?? this.#counted;
    // The count is for the whole chunk; a chunk with several tokens holds all of them.
    const silent = drawn > piece.tokens.length;
    return { ...piece, tokens: piece.tokens.flatMap((token) => this.#own(token, silent)) };
  }

  #own(token: DrawnToken, silent: boolean): DrawnToken[] {
    const { bytes: sent } = token;
    if (token.id === null || sent === null) return [token];
    const listed = token.top.find(({ id }) => id === token.id);
    if (!listed?.bytes) {
      const bytes = startsWith(sent, this.#ahead) ? sent.slice(this.#ahead.length) : sent;
      this.#ahead = new Uint8Array(0);
      // The logprob belongs to the last token alone, and we do not know how the tokens share the bytes.
      if (silent && bytes.some((byte) => byte >= 0x80)) return [untold(bytes)];
      return [{ ...token, text: textOf(bytes), bytes }];
    }
    const own = { ...token, text: listed.text, bytes: listed.bytes };
    const upToHere = joined(this.#ahead, listed.bytes);
    if (startsWith(upToHere, sent)) {
      this.#ahead = upToHere.slice(sent.length);
      return [own];
    }
    const before = sent.slice(this.#ahead.length, sent.length - listed.bytes.length);
    const fits =
      startsWith(sent, this.#ahead) &&
      startsWith(sent.slice(sent.length - listed.bytes.length), listed.bytes);
    this.#ahead = new Uint8Array(0);
    return fits && before.length > 0 ? [untold(before), own] : [own];
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

function untold(bytes: Bytes): DrawnToken {
  return { id: null, text: textOf(bytes), bytes, logprob: null, top: [] };
}

function textOf(bytes: Bytes): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function startsWith(bytes: Bytes, beginning: Bytes): boolean {
  return beginning.length <= bytes.length && beginning.every((byte, i) => bytes[i] === byte);
}

function joined(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
