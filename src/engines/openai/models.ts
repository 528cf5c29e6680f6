import * as v from 'valibot';
import { EngineError } from '../contract.ts';
import { errorSchema, messageOf, nonsense, parseJson, type ServerModel } from './replies.ts';

const modelsSchema = v.object({
  data: v.array(
    v.object({
      id: v.string(),
      owned_by: v.nullish(v.string()),
      max_model_len: v.nullish(v.number()),
      meta: v.nullish(
        v.object({
          n_ctx: v.nullish(v.number()),
          n_ctx_train: v.nullish(v.number()),
          n_vocab: v.nullish(v.number()),
        }),
      ),
    }),
  ),
});

/** Reads `/v1/models`. @throws EngineError `bad-reply` */
export function readModels(json: string, host: string): ServerModel[] {
  const value = parseJson(json, host);
  const failure = v.safeParse(errorSchema, value);
  // LM Studio answers 200 to an address that it does not know, with an error in the body.
  if (failure.success) throw new EngineError('bad-reply', `${host} says: ${messageOf(failure.output)}`);
  const parsed = v.safeParse(modelsSchema, value);
  if (!parsed.success) throw nonsense(host, json);
  return parsed.output.data.map(({ id, owned_by, max_model_len, meta }) => ({
    id,
    name: fileNameOf(id),
    ownedBy: owned_by ?? null,
    // llama.cpp's server may have been started with less than the model was trained for.
    contextLength: max_model_len ?? meta?.n_ctx ?? meta?.n_ctx_train ?? null,
    vocabularySize: meta?.n_vocab ?? null,
  }));
}

/** The last part of a path; a name such as `Qwen/Qwen3-0.6B` is none. */
function fileNameOf(id: string): string {
  const isPath = /^(?:[/\\~.]|[a-z]:[/\\])/i.test(id) || /\.gguf$/i.test(id);
  return (isPath && /[^/\\]+$/.exec(id)?.[0]) || id;
}
