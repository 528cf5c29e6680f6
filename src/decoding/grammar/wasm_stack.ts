/**
 * If XGrammar cannot read a grammar, it calls `abort` in the middle of its WebAssembly, and the stack stays as deep as it was. After
 * some two hundred such grammars the stack is full, and no grammar can be read any more. The stack pointer is the module's first
 * global (the tool conventions of WebAssembly's C ABI), but the library does not export it. So we add an export to the module before
 * it is instantiated.
 */

/** Section number of exports (WebAssembly core specification, 5.5.2). */
const EXPORTS = 7;
const NAME = 'stackPointer';
/** Export descriptor: a global, index 0. */
const GLOBAL_0 = [3, 0];
const PREAMBLE_BYTES = 8;

/** The one overload that the library uses: bytes, not a module. */
type Instantiate = (
  binary: BufferSource,
  imports?: WebAssembly.Imports,
) => Promise<WebAssembly.WebAssemblyInstantiatedSource>;

/** Resets the stack pointer to its value when no function was running. */
export type Unwind = () => void;

/**
 * Runs `start`, which instantiates the module.
 * @returns a function that unwinds its stack; it does nothing if the module is not built as expected
 */
export async function instantiated(start: () => Promise<void>): Promise<Unwind> {
  const own = WebAssembly.instantiate as Instantiate;
  let exports: WebAssembly.Exports = {};
  const watched: Instantiate = async (binary, imports) => {
    const result = await own(withStackPointer(binary), imports);
    exports = result.instance.exports;
    return result;
  };
  WebAssembly.instantiate = watched as typeof WebAssembly.instantiate;
  try {
    await start();
  } finally {
    WebAssembly.instantiate = own as typeof WebAssembly.instantiate;
  }
  const pointer = exports[NAME];
  if (!(pointer instanceof WebAssembly.Global)) return () => undefined;
  const idle: unknown = pointer.value;
  return () => {
    pointer.value = idle;
  };
}

function withStackPointer(binary: BufferSource): Uint8Array<ArrayBuffer> {
  const bytes = ArrayBuffer.isView(binary)
    ? new Uint8Array(binary.buffer as ArrayBuffer, binary.byteOffset, binary.byteLength)
    : new Uint8Array(binary);
  for (let at = PREAMBLE_BYTES; at < bytes.length;) {
    const section = bytes[at]!;
    const length = readNumber(bytes, at + 1);
    const end = length.end + length.value;
    if (section === EXPORTS) {
      const count = readNumber(bytes, length.end);
      const entry = [NAME.length, ...new TextEncoder().encode(NAME), ...GLOBAL_0];
      const content = [...numberBytes(count.value + 1), ...bytes.subarray(count.end, end), ...entry];
      const rest = bytes.subarray(end);
      const head = [...bytes.subarray(0, at + 1), ...numberBytes(content.length), ...content];
      const out = new Uint8Array(head.length + rest.length);
      out.set(head);
      out.set(rest, head.length);
      return out;
    }
    at = end;
  }
  return bytes;
}

/** LEB128, unsigned. */
function readNumber(bytes: Uint8Array, at: number): { value: number; end: number } {
  let value = 0;
  for (let end = at, scale = 1; ; scale *= 128) {
    const byte = bytes[end++]!;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end };
  }
}

function numberBytes(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...numberBytes(Math.floor(value / 128))];
}
