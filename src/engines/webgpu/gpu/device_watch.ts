import { EngineError } from '../../contract.ts';

/**
 * Notes when a device is lost, or reports an error that no error scope caught. Either leaves zeros or old numbers where results
 * should be, so every reader of results calls `check` first.
 */
export class DeviceWatch {
  #error: GPUError | undefined;
  #lost: GPUDeviceLostInfo | undefined;
  #wake: () => void = () => undefined;

  constructor(device: GPUDevice) {
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      this.#error ??= event.error;
      this.#wake();
    });
    void device.lost.then((info) => {
      this.#lost = info;
      this.#wake();
    });
  }

  /** @throws EngineError `device-lost`, `out-of-memory`, `device-error`; an error is thrown once, a loss every time */
  check(): void {
    if (this.#lost) throw lostError(this.#lost);
    if (!this.#error) return;
    const error = this.#error;
    this.#error = undefined;
    throw reportedError(error);
  }

  /**
   * Finds the cause of a failure that names none, such as a map that was only “aborted”. The device reports the cause a little
   * later.
   */
  async reasonOf(failure: unknown): Promise<EngineError> {
    if (failure instanceof EngineError) return failure;
    if (!this.#lost && !this.#error) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, PATIENCE);
      });
    }
    try {
      this.check();
    } catch (reason) {
      return reason as EngineError;
    }
    return reportedError(failure);
  }
}

/** Milliseconds within which a device reports a cause, even on a busy machine. */
const PATIENCE = 1000;

function lostError({ message, reason }: GPUDeviceLostInfo): EngineError {
  return new EngineError(
    'device-lost',
    `The graphics device was lost (${message.trim() || reason}); the model is loaded again and the run goes on.`,
  );
}

function reportedError(cause: unknown): EngineError {
  if (cause instanceof GPUOutOfMemoryError) {
    return new EngineError(
      'out-of-memory',
      'The graphics memory ran out; please close some lanes, branches or other pages, or load a smaller model or a shorter context.',
      { cause },
    );
  }
  return new EngineError(
    'device-error',
    'The graphics device reported an error, so its results are discarded; please try again. If it happens again, reload the model or choose the CPU engine.',
    { cause },
  );
}
