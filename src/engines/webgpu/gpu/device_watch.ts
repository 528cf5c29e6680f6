import { EngineError } from '../../contract.ts';

/**
 * What becomes of a device behind the back of those who use it: it is lost, or reports an error that no scope caught.
 * Either leaves zeros or old numbers where results should be, so whoever reads results asks here first.
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

  /** @throws EngineError `device-lost`, `out-of-memory`, `device-error`; an error is told once, a loss for ever */
  check(): void {
    if (this.#lost) throw lostError(this.#lost);
    if (!this.#error) return;
    const error = this.#error;
    this.#error = undefined;
    throw reportedError(error);
  }

  /**
   * Why something failed that says nothing of the reason itself, as a map that was only “aborted”: the device tells, a
   * little later.
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

/** Milliseconds in which a device says what was wrong, on a busy machine too. */
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
    'The graphics device could not do what it was asked for, and its numbers are not used; please try again, and load the model anew or choose the CPU engine if it happens again.',
    { cause },
  );
}
