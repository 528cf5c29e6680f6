/** Finds out which models web-llm keeps in its own caches (the Cache API), without loading the library. */
import * as v from 'valibot';

/** `part`: a download was interrupted; loading the model again fetches what is missing. */
export type KeptShare = 'none' | 'part' | 'whole';

/** web-llm's caches: weights and tokenizers, descriptions, compiled shaders. */
const CACHES = ['webllm/model', 'webllm/config', 'webllm/wasm'] as const;
const WEIGHTS = CACHES[0];

/** The list of a model's weight files. */
const manifestSchema = v.object({ records: v.array(v.object({ dataPath: v.string() })) });

/** @param modelId the id in web-llm's own list */
export async function keptShare(modelId: string): Promise<KeptShare> {
  const cache = await openIfThere(WEIGHTS);
  if (!cache) return 'none';
  const requests = (await cache.keys()).filter(({ url }) => isOf(url, modelId));
  const names = new Set(requests.map(({ url }) => url.slice(url.lastIndexOf('/') + 1)));
  if (![...names].some((name) => name.endsWith('.bin'))) return 'none';
  const manifest = requests.find(({ url }) => url.endsWith('/tensor-cache.json'));
  const listed = v.safeParse(manifestSchema, manifest ? await readJson(cache, manifest) : null);
  if (!listed.success) return 'part';
  return listed.output.records.every(({ dataPath }) => names.has(dataPath)) ? 'whole' : 'part';
}

/** Deletes everything that is kept of a model. */
export async function deleteWebLlm(modelId: string): Promise<void> {
  for (const name of CACHES) {
    const cache = await openIfThere(name);
    for (const request of (await cache?.keys()) ?? []) {
      if (isOf(request.url, modelId)) await cache!.delete(request);
    }
  }
}

/** Private windows and pages without TLS have no caches. */
async function openIfThere(name: string): Promise<Cache | null> {
  try {
    return (await caches.has(name)) ? await caches.open(name) : null;
  } catch {
    return null;
  }
}

/** Weights are in a folder with the model's name; shaders are in a file whose name begins with it, without `-MLC`. */
function isOf(url: string, modelId: string): boolean {
  return url.includes(`/${modelId}/`) || url.includes(`/${modelId.replace(/-MLC$/, '')}_`);
}

async function readJson(cache: Cache, request: Request): Promise<unknown> {
  try {
    return await (await cache.match(request))?.json();
  } catch {
    return null;
  }
}
