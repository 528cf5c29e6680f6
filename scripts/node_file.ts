import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ByteSource, EngineError } from '../src/engines/contract.ts';
import { checkNotAborted, checkRange } from '../src/engines/gguf/sources.ts';

/**
 * A file on this machine, for the headless runner and for tests. `close` closes the file handle.
 * @throws EngineError `bad-file` if there is no such file
 */
export async function nodeFileSource(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  const name = basename(path);
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    throw new EngineError('bad-file', `${path} cannot be opened; check the path.`, { cause });
  }
  const stat = await file.stat();
  if (!stat.isFile()) {
    await file.close();
    throw new EngineError('bad-file', `${path} is not a file; give the path of a .gguf file.`);
  }
  return {
    name,
    size: stat.size,
    read: async (offset, length, signal) => {
      checkRange(name, stat.size, offset, length);
      checkNotAborted(name, signal);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
        // The file was truncated after it was opened.
        if (bytesRead === 0) checkRange(name, offset + done, offset, length);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => file.close(),
  };
}
