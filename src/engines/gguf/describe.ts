import type { GgufFile } from './header.ts';

/** Maximum of characters shown of a licence or description. */
const MAX_TEXT = 2000;

/** A file's description of its model, for any engine. `weightBytes` are those in the file. */
export function describeFile({ metadata, tensors, source }: GgufFile) {
  const formats: Record<string, number> = {};
  let parameters = 0;
  let weightBytes = 0;
  for (const { format, shape, byteLength } of tensors.values()) {
    formats[format] = (formats[format] ?? 0) + 1;
    parameters += shape.reduce((product, n) => product * n, 1);
    weightBytes += byteLength;
  }
  const text = (key: string): string => metadata.string(key, '').slice(0, MAX_TEXT);
  const licence = text('general.license');
  const description = text('general.description');
  return {
    parameters,
    formats,
    weightBytes,
    fileSize: source.size,
    ...(licence ? { licence } : {}),
    ...(description ? { description } : {}),
  };
}
