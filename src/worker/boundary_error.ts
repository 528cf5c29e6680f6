/**
 * Errors across the boundary. comlink keeps an error's message but not its code, so the worker sends the code beside it
 * and the page makes an `EngineError` of it again.
 */
import * as Comlink from 'comlink';
import { EngineError, type EngineErrorCode } from '../engines/contract.ts';

interface PlainError {
  readonly code: EngineErrorCode | null;
  readonly message: string;
}

interface Thrown {
  readonly value: unknown;
}

/** comlink's own handler knows what was thrown (by a symbol that it keeps to itself); only the payload is ours. */
function replaceThrowHandler(part: Partial<Comlink.TransferHandler<Thrown, PlainError>>): void {
  const original = Comlink.transferHandlers.get('throw') as Comlink.TransferHandler<Thrown, PlainError>;
  Comlink.transferHandlers.set('throw', { ...original, ...part } as Comlink.TransferHandler<
    unknown,
    unknown
  >);
}

/** For the worker. */
export function sendTypedErrors(): void {
  replaceThrowHandler({ serialize: ({ value }) => [plain(value), []] });
}

/** For the page: a call that failed rejects with the `EngineError` that the worker threw. */
export function receiveTypedErrors(): void {
  replaceThrowHandler({
    deserialize: ({ code, message }) => {
      throw code === null ? new Error(message) : new EngineError(code, message);
    },
  });
}

function plain(error: unknown): PlainError {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  return { code: null, message: error instanceof Error ? error.message : String(error) };
}
