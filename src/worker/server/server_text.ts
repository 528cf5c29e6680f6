/** Turns the tokens of a server's run into steps of a text, with the figures that the server gave. */
import type { StepRecord } from '../../decoding/events.ts';
import { StopWatcher } from '../../decoding/stopping.ts';
import type { StreamDecoder } from '../../engines/contract.ts';
import type { DrawnToken } from '../../engines/openai/replies.ts';
import type { ServerVocabulary } from '../../engines/openai/vocabulary.ts';
import { unknownNumbers } from '../../sampling/token_numbers.ts';
import type { TextStep } from '../api/worker_api.ts';
import type { HeldText } from '../texts/texts_by_id.ts';
import type { ServerSteps } from './server_steps.ts';

/**
 * The page looks for stop sequences itself, as with any other engine. A server that does it holds text back and does not say whether
 * a stop sequence or an end token ended the text, and llama.cpp's server then returns other tokens than it drew.
 */
export class ServerText {
  /** Tokens drawn so far, without those that the server did not report. */
  drawn = 0;
  /** Whether a stop sequence has ended the text. */
  stopped = false;
  readonly #decoder: StreamDecoder;
  readonly #stopper: StopWatcher;
  /** The last step while the end of the text could still change what it shows. */
  #held: TextStep | null = null;

  constructor(
    private readonly vocabulary: ServerVocabulary,
    private readonly text: HeldText,
    private readonly told: ServerSteps,
    private readonly emit: (step: TextStep) => void,
    stopSequences: readonly string[],
  ) {
    this.#decoder = vocabulary.decoder();
    this.#stopper = new StopWatcher(stopSequences);
    for (const token of text.tokens.slice(text.promptLength)) this.#stopper.skip(this.#decoder.push(token));
  }

  append(token: DrawnToken): void {
    const id = this.vocabulary.idOf(token);
    const kind = this.vocabulary.kind(id);
    const piece = this.#decoder.push(id);
    const position = this.text.tokens.length;
    this.text.tokens.push(id);
    this.told.put(this.text, position, token);
    this.stopped = this.#stopper.push(piece) !== null;
    this.drawn++;
    const rank = token.top.findIndex((other) => this.vocabulary.idOf(other) === id);
    const record: StepRecord = {
      branch: 0,
      position,
      token: id,
      piece,
      visible: this.stopped ? this.#stopper.text.length : this.#stopper.visible,
      // The server does not say what its own chain made of the token, nor anything about tokens that it does not list.
      ...unknownNumbers,
      rawLogprob: token.logprob ?? NaN,
      rank: rank < 0 ? NaN : rank + 1,
      u: null,
      stages: [],
    };
    this.#release();
    this.#held = { record, label: this.vocabulary.label(id), kind };
    const whole = piece !== '' || kind === 'control';
    if (whole && record.visible === this.#stopper.text.length) this.#release();
  }

  /** The text is over: shows what was held back. */
  end(): void {
    if (this.#held && !this.stopped) {
      const rest = this.#decoder.end();
      this.#stopper.skip(rest);
      const { record } = this.#held;
      const visible = this.#stopper.text.length;
      this.#held = { ...this.#held, record: { ...record, piece: record.piece + rest, visible } };
    }
    this.#release();
  }

  #release(): void {
    if (this.#held) this.emit(this.#held);
    this.#held = null;
  }
}
