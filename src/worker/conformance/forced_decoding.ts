/** Compares the embedded model's logits with those that llama.cpp (CPU) computed for the same texts. */
import { type Engine, EngineError } from '../../engines/contract.ts';
import embedded from '../../models/embedded.json' with { type: 'json' };
import { distance } from '../texts/distances.ts';
import type { ConformanceRow } from './report.ts';

/** static/conformance/llama_cpp.json, which tests/reference/make_embedded_golden.ts writes. */
interface Reference {
  readonly sha256: string;
  readonly cases: readonly {
    readonly text: string;
    readonly tokens: readonly number[];
    /** Raw logits after the token at each of these positions. */
    readonly logits: Readonly<Record<string, readonly number[]>>;
  }[];
}

/** llama.cpp quantises activations to 8 bits, so its own numbers are this far from exact ones. Nats. */
const MOST_KL = 5e-3;

/** @throws EngineError `network` if the reference cannot be fetched */
export async function forcedDecoding(engine: Engine, base: string): Promise<ConformanceRow[]> {
  const reference = await fetchReference(base);
  if (reference.sha256 !== embedded.sha256) {
    throw new EngineError('bad-file', 'The reference logits belong to another model; reload the page.');
  }
  const rows: ConformanceRow[] = [];
  for (const { text, tokens, logits } of reference.cases) {
    const own = engine.tokenizer.encode(text, { addSpecial: true });
    const same = own.length === tokens.length && own.every((token, i) => token === tokens[i]);
    const seen = new Map<number, Float32Array>();
    const { sequence } = await engine.session.prefill(tokens, {
      onLogits: (position, row) => seen.set(position, row),
    });
    engine.session.release(sequence);
    const found = Object.entries(logits).map(([position, row]) =>
      distance(Float32Array.from(row), seen.get(Number(position))!),
    );
    const kl = Math.max(...found.map((one) => one.kl));
    const agree = found.filter(({ tops }) => tops[0] === tops[1]).length;
    // Fails for NaN too.
    const near = found.every((one) => one.kl <= MOST_KL);
    const shown = text.length > 32 ? `${text.slice(0, 30).trimEnd()}…` : text;
    rows.push({
      group: 'model',
      name: `“${shown.replace(/\s+/g, ' ')}”`,
      outcome: same && near ? 'ok' : 'failed',
      detail: `${same ? 'same tokens' : 'other tokens'}, KL from llama.cpp at most ${kl.toExponential(1)} nats, likeliest token the same at ${agree} of ${found.length} positions`,
    });
  }
  return rows;
}

async function fetchReference(base: string): Promise<Reference> {
  const failed = (why: string) =>
    new EngineError('network', `The reference logits could not be fetched (${why}); try again.`);
  let response: Response;
  try {
    response = await fetch(new URL('conformance/llama_cpp.json', base));
  } catch {
    throw failed('the page’s host cannot be reached');
  }
  if (!response.ok) throw failed(`the host answered ${response.status}`);
  return (await response.json()) as Reference;
}
