/**
 * The numerics id: one short string that says how an engine computed its logits. Records carry it, so that a replay with other
 * numbers can say how the machines differ. It begins with the engine's name. Fields follow as `name=value`, separated by
 * spaces; neither names nor values contain spaces:
 *
 *     webgpu shaders=3fa1c2 reducer=rows width=16 subgroups=8 f16=yes kv=f32 tile=none scales=f16 batch=shapes
 *     llama.cpp-wasm build=b6327 threads=4 kv=f32
 *     server
 */

/** The phrase for each field in a sentence. A field that is missing here appears under its own name. */
const WORDS: Readonly<Record<string, string>> = {
  shaders: 'the version of the shaders',
  reducer: 'how a matrix product adds up',
  width: 'the width of a workgroup',
  subgroups: 'the size of a subgroup',
  f16: 'the use of f16',
  kv: 'the number format of the KV cache',
  tile: 'the tile of the prefill',
  scales: 'the number format of the block scales',
  batch: 'whether a batch has pipelines of its own',
  build: 'the build of the library',
  threads: 'the number of threads',
  model: 'how the model was compiled',
};

/** @param fields in the order in which the id shows them */
export function numericsId(engine: string, fields: Readonly<Record<string, string | number>> = {}): string {
  const word = (value: string | number) => String(value).trim().replace(/\s+/g, '-') || 'unknown';
  return [word(engine), ...Object.entries(fields).map(([name, value]) => `${name}=${word(value)}`)].join(' ');
}

/** Reads any string and ignores what is not a field, since ids arrive in records and links. */
function readNumerics(id: string): { engine: string; fields: ReadonlyMap<string, string> } {
  const [engine = '', ...rest] = id.trim().split(/\s+/);
  const fields = new Map<string, string>();
  for (const part of rest) {
    const at = part.indexOf('=');
    if (at > 0) fields.set(part.slice(0, at), part.slice(at + 1));
  }
  return { engine, fields };
}

/**
 * The differences between the numerics of a record and those of this machine, each as a phrase for the page, e.g. “the size of a
 * subgroup (8 there, 4 here)”. Empty if the ids are equal: any difference that remains comes from the driver.
 */
export function numericsDifference(there: string, here: string): string[] {
  const [a, b] = [readNumerics(there), readNumerics(here)];
  if (a.engine !== b.engine)
    return [`the engine (${a.engine || 'unknown'} there, ${b.engine || 'unknown'} here)`];
  return [...new Set([...a.fields.keys(), ...b.fields.keys()])].flatMap((name) => {
    const [was, is] = [a.fields.get(name) ?? 'unknown', b.fields.get(name) ?? 'unknown'];
    return was === is ? [] : [`${WORDS[name] ?? name} (${was} there, ${is} here)`];
  });
}
