import type { LogitProcessor } from '@mlc-ai/web-llm';

/** What every token but one gets: exp of it is 0 at any temperature that web-llm divides by, and it stays a finite float. */
const NEVER = -1e9;

/**
 * Stands where web-llm hands out logits before it samples, and takes them for our own chain. web-llm samples all the same:
 * it is left one token to choose, whatever its own knobs say, and that choice goes nowhere, since each token that is fed to
 * the model comes from our chain (`forwardTokensAndSample`).
 */
export class LogitTap implements LogitProcessor {
  #row: Float32Array | null = null;

  processLogits = (logits: Float32Array): Float32Array => {
    // The library uses its array again for the next step.
    this.#row = logits.slice();
    let best = 0;
    for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
    const forced = new Float32Array(logits.length).fill(NEVER);
    forced[best] = 0;
    return forced;
  };

  /** Our chain counts tokens by itself. */
  processSampledToken = (): void => undefined;

  resetState = (): void => {
    this.#row = null;
  };

  /** The logits of the last forward pass, which are given away; null when there was none since. */
  take(): Float32Array | null {
    const row = this.#row;
    this.#row = null;
    return row;
  }
}
