import * as v from 'valibot';
import { EngineError } from '../contract.ts';
import { errorSchema, messageOf, nonsense, parseJson, type ServerModel, type Speaker } from './replies.ts';

/** Reads anything but a sensible count as absent. 2³¹ is beyond any context and any vocabulary. */
const count = v.fallback(
  v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31))),
  null,
);

const modelsSchema = v.object({
  data: v.array(
    v.object({
      id: v.string(),
      owned_by: v.nullish(v.string()),
      max_model_len: count,
      meta: v.nullish(
        v.object({
          n_ctx: count,
          n_ctx_train: count,
          n_vocab: count,
        }),
      ),
    }),
  ),
});

/** Reads `/v1/models`. @throws EngineError `bad-reply` */
export function readModels(json: string, speaker: Speaker): ServerModel[] {
  const { host } = speaker;
  const value = parseJson(json, host);
  const failure = v.safeParse(errorSchema, value);
  // For an unknown address LM Studio answers 200 with an error in the body.
  if (failure.success) {
    throw new EngineError('bad-reply', `${host} says: ${messageOf(failure.output, speaker)}`);
  }
  const parsed = v.safeParse(modelsSchema, value);
  if (!parsed.success) throw nonsense(host, json);
  return parsed.output.data.map(({ id, owned_by, max_model_len, meta }) => ({
    id,
    name: fileNameOf(id),
    ownedBy: owned_by ?? null,
    // llama.cpp's server may run with a shorter context than the model was trained on.
    contextLength: max_model_len ?? meta?.n_ctx ?? meta?.n_ctx_train ?? null,
    vocabularySize: meta?.n_vocab ?? null,
  }));
}

/** The last part of a path; a name such as `Qwen/Qwen3-0.6B` is not a path. */
function fileNameOf(id: string): string {
  const isPath = /^(?:[/\\~.]|[a-z]:[/\\])/i.test(id) || /\.gguf$/i.test(id);
  return (isPath && /[^/\\]+$/.exec(id)?.[0]) || id;
}
