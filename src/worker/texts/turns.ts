/**
 * Takes turns with the engine. Its calls may not overlap, so each waits for the previous one. What a person starts goes before the
 * questions of the charts.
 */
import { EngineError } from '../../engines/contract.ts';

export class Turns {
  #running: AbortController | null = null;
  /** A computation for the charts. */
  #looking = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();

  get running(): boolean {
    return this.#running !== null;
  }

  alone<T>(task: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(task, task);
    this.#queue = mine.catch(() => undefined);
    return mine;
  }

  /**
   * Runs what a person started and may stop.
   * @throws EngineError `not-supported` during another one
   */
  async run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.refuseWhileRunning('the next');
    const running = new AbortController();
    this.#running = running;
    this.stopLooking();
    try {
      return await this.alone(() => task(running.signal));
    } finally {
      this.#running = null;
    }
  }

  /** Runs a computation for a chart; null during a run, or if a run interrupts it. */
  async look<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
    if (this.#running) return null;
    const { signal } = this.#looking;
    try {
      return await this.alone(() => {
        signal.throwIfAborted();
        return task(signal);
      });
    } catch (cause) {
      if (signal.aborted) return null;
      throw cause;
    }
  }

  /** @throws EngineError `not-supported` */
  refuseWhileRunning(what: string): void {
    if (this.#running)
      throw new EngineError('not-supported', `A run is in progress; stop it before ${what}.`);
  }

  stop(): void {
    this.#running?.abort();
  }

  stopLooking(): void {
    this.#looking.abort();
    this.#looking = new AbortController();
  }
}
