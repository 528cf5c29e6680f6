import type { LlamaModel, Token } from 'node-llama-cpp';
import type { Golden } from '../conformance/goldens.ts';

/** Rounds logits to 1e-4, which alone causes a KL of 1e-9. */
const DIGITS = 4;

/**
 * Raw logits [vocabulary] after each of the `kept` positions. The KV cache is F32, so that the reference is the model
 * itself; llama.cpp's default F16 causes a KL of 1e-6.
 */
export async function logitsOf(
  model: LlamaModel,
  tokens: readonly number[],
  kept: readonly number[],
): Promise<Golden['logits']> {
  const context = await model.createContext({
    contextSize: 256,
    batchSize: 64,
    flashAttention: false,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
  });
  const results = await context
    .getSequence()
    .controlledEvaluate(
      tokens.map((token, i) =>
        kept.includes(i) ? [token as Token, { generateNext: { logits: true } }] : (token as Token),
      ),
    );
  const logits: Record<string, number[]> = {};
  for (const position of kept) {
    const found = results[position]?.next.logits;
    if (!found) throw new Error(`llama.cpp gave no logits at position ${position}`);
    logits[position] = Array.from({ length: found.size }, (_, id) =>
      Number(found.get(id as Token)!.toFixed(DIGITS)),
    );
  }
  await context.dispose();
  return logits;
}
