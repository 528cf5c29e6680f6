import { EngineError } from '../engines/contract.ts';

/**
 * Converts an error of the browser's storage to one sentence for the page. Only the errors' names tell them apart: some browsers
 * throw a DOMException, newer ones a class of their own.
 * @param fileName what was kept or read, by its name on the page
 */
export function storageError(fileName: string, cause: unknown): EngineError {
  if (cause instanceof EngineError) return cause;
  const { name = '' } = Object(cause) as { readonly name?: string };
  if (name === 'AbortError') return new EngineError('aborted', `Loading ${fileName} was stopped.`, { cause });
  if (name === 'QuotaExceededError') {
    return new EngineError(
      'storage-full',
      `The browser has no more room for this page, so ${fileName} cannot be kept; delete another model or free space on the disk, then try again.`,
      { cause },
    );
  }
  if (name === 'NoModificationAllowedError') {
    return new EngineError(
      'not-supported',
      `${fileName} is being written in another tab; pause the download there, or wait for its end, then try again.`,
      { cause },
    );
  }
  return new EngineError(
    'bad-file',
    `This browser’s storage failed while ${fileName} was kept or read; reload the page and try again.`,
    { cause },
  );
}
