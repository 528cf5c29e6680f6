import type { LogitProcessor } from '@mlc-ai/web-llm';

/** The logit of every token but one: its exp is 0 at any temperature that web-llm divides by, and it stays a finite float. */
const NEVER = -1e9;

/**
 * A logit processor: web-llm passes its logits to it before sampling, and it copies them for our own chain. web-llm still samples,
 * but it can choose only one token, whatever its own parameters say. That choice is ignored: each token that goes into the model
 * comes from our chain (`forwardTokensAndSample`).
 */
export class LogitTap implements LogitProcessor {
  #row: Float32Array | null = null;

  processLogits = (logits: Float32Array): Float32Array => {
    // The library reuses its array for the next step.
    this.#row = logits.slice();
    let best = 0;
    for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
    const forced = new Float32Array(logits.length).fill(NEVER);
    forced[best] = 0;
    return forced;
  };

  /** Our chain counts tokens itself. */
  processSampledToken = (): void => undefined;

  resetState = (): void => {
    this.#row = null;
  };

  /** Returns the logits of the last forward pass, once; null if there was no pass since. */
  take(): Float32Array | null {
    const row = this.#row;
    this.#row = null;
    return row;
  }
}
