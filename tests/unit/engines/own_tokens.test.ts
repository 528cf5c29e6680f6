/** Recovers the tokens that llama.cpp's server drew from what it sends; the stand-in behaves like the recorded server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OwnTokens } from '../../../src/engines/openai/own_tokens.ts';
import { type DrawnToken, type Piece, readChunk } from '../../../src/engines/openai/replies.ts';
import { llamaCpp } from './server_replies.ts';

const NONE = new Uint8Array(0);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (tokens: readonly DrawnToken[]): number[] => tokens.flatMap(({ bytes }) => [...bytes!]);

interface Drawn {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether it is among the alternatives, which give its bytes. */
  readonly listed: boolean;
}

/** Sends text when it is whole, with the last token's id and logprob and the bytes of all tokens that it covers. */
function* serverOf(drawn: readonly Drawn[]): Generator<Piece> {
  let waiting: number[] = [];
  for (const [index, { bytes, listed }] of drawn.entries()) {
    waiting.push(...bytes);
    const sent = Uint8Array.from(waiting);
    if (decode(sent).includes('\ufffd')) continue;
    waiting = [];
    const text = decode(sent);
    const own = { id: index, text: decode(bytes), bytes, logprob: -index };
    const top = listed ? [own] : [{ id: 999, text: '?', bytes: NONE, logprob: -0.1 }];
    const tokens = [{ id: index, text, bytes: sent, logprob: -index, top }];
    yield { text, tokens, finish: null, counted: index + 1 };
  }
}

const draws = fc
  .tuple(
    fc.string({ unit: fc.constantFrom('a', ' b', 'é', '東', '🦊', 'ß', '\n'), maxLength: 12 }),
    fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1 }),
    fc.array(fc.boolean(), { minLength: 1 }),
  )
  .map(([text, lengths, listed]): Drawn[] => {
    const bytes = new TextEncoder().encode(text);
    const tokens: Drawn[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = lengths[tokens.length % lengths.length]!;
      tokens.push({
        bytes: bytes.slice(at, at + length),
        listed: listed[tokens.length % listed.length]!,
      });
      at += length;
    }
    return tokens;
  });

describe('the tokens that a llama.cpp server drew', () => {
  it('have all bytes of the text, and only their own logprobs', () => {
    fc.assert(
      fc.property(draws, (drawn) => {
        const own = new OwnTokens();
        const tokens = [...serverOf(drawn)].flatMap((piece) => own.separate(piece).tokens);
        expect(bytesOf(tokens)).toEqual(drawn.flatMap(({ bytes }) => [...bytes]));
        for (const { id, bytes, logprob } of tokens) {
          if (logprob === null) {
            expect(id).toBeNull();
            continue;
          }
          expect([...bytes!]).toEqual([...drawn[id!]!.bytes]);
          expect(logprob).toBe(-id!);
        }
        // A token that is sent by itself has all its bytes.
        const alone = drawn.filter(({ bytes }) => !decode(bytes).includes('\ufffd'));
        expect(tokens.filter(({ logprob }) => logprob !== null).length).toBeGreaterThanOrEqual(alone.length);
      }),
      { numRuns: 300 },
    );
  });

  it('have their own text even when the server held it back for a stop sequence', () => {
    const own = new OwnTokens();
    const chunks = llamaCpp.stop.body.split('\n\n').filter((event) => event.startsWith('data: {'));
    const pieces = chunks.map((event) =>
      own.separate(readChunk(event.slice(6), { host: 'here', key: undefined })!),
    );
    // In the recording, the last three came without text, without text, and with “ there ”.
    expect(pieces.flatMap(({ tokens }) => tokens).map(({ id, text }) => [id, text])).toEqual([
      [4031, ','],
      [405, ' there'],
      [287, ' was'],
      [261, ' a'],
    ]);
  });
});
