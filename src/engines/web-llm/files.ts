import * as v from 'valibot';
import { EngineError } from '../contract.ts';

/** The cache where web-llm keeps the fetched files of a model. It does not fetch again what is already there. */
const CACHE = 'webllm/model';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));

/** The fields of a model's mlc-chat-config.json that we use. */
const configSchema = v.object({
  vocab_size: count,
  context_window_size: v.number(),
  model_type: v.optional(v.string(), 'unknown'),
  model_config: v.object({
    hidden_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_key_value_heads: v.optional(count),
    head_dim: v.optional(v.nullable(count)),
  }),
});
export type ModelConfig = v.InferOutput<typeof configSchema>;

/** @param base the model's address, with a slash at its end. @throws EngineError `network`, `bad-reply` */
export async function readModelConfig(base: string, signal: AbortSignal | undefined): Promise<ModelConfig> {
  const url = `${base}mlc-chat-config.json`;
  const parsed = v.safeParse(configSchema, await readJson(url, signal));
  if (parsed.success) return parsed.output;
  throw new EngineError(
    'bad-reply',
    `${url} is not the description of a model that web-llm runs (${v.getDotPath(parsed.issues[0]) ?? 'its form'}); choose another model.`,
  );
}

/**
 * A file of a model. If the browser allows it, the file is kept for the next visit.
 * @throws EngineError `network`, `bad-reply`, `aborted`
 */
export async function readJson(url: string, signal: AbortSignal | undefined): Promise<unknown> {
  const cache = await caches.open(CACHE).catch(() => null);
  const response = (await cache?.match(url).catch(() => undefined)) ?? (await fetched(url, signal, cache));
  try {
    return await response.json();
  } catch (cause) {
    if (signal?.aborted) throw stopped(url, cause);
    throw new EngineError('bad-reply', `${url} is no JSON; choose another model.`, { cause });
  }
}

async function fetched(url: string, signal: AbortSignal | undefined, cache: Cache | null): Promise<Response> {
  const { host } = new URL(url);
  let response: Response;
  try {
    response = await fetch(url, signal ? { signal } : {});
  } catch (cause) {
    if (signal?.aborted) throw stopped(url, cause);
    throw new EngineError('network', `${host} cannot be reached; try again, or choose another model.`, {
      cause,
    });
  }
  if (!response.ok) {
    throw new EngineError('network', `${host} answered ${response.status} for ${url}; try again later.`);
  }
  // A full disk is no reason to fail: the next visit fetches the file again.
  await cache?.put(url, response.clone()).catch(() => undefined);
  return response;
}

function stopped(url: string, cause: unknown): EngineError {
  return new EngineError('aborted', `Loading from ${new URL(url).host} was stopped.`, { cause });
}
