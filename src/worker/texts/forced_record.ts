import type { StepRecord } from '../../decoding/events.ts';
import { masksAlong } from '../../decoding/grammar/masks.ts';
import type { LogitMemory } from '../../decoding/logit_memory.ts';
import { remembers, type Rederiver } from '../../decoding/rederive.ts';
import type { Engine } from '../../engines/contract.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { tokenNumbers } from '../../sampling/token_numbers.ts';
import { finalLogprob } from '../../sampling/trace_view.ts';
import type { HeldText } from './texts_by_id.ts';
import { tokenTexts } from './token_text.ts';

/** The record of a text's last token, which a person chose, with the numbers that the model and the chain give it. */
export async function forcedRecord(
  engine: Engine,
  memory: LogitMemory,
  rederiver: Rederiver,
  text: HeldText,
  params: SamplingParams,
  stream: number,
  signal: AbortSignal,
): Promise<StepRecord> {
  const { tokenizer, session } = engine;
  const before = text.tokens.slice(0, -1);
  const token = text.tokens.at(-1)!;
  const outputs = before.length - text.promptLength;
  const past = remembers(params) ? outputs : 0;
  const from = before.length - past;
  const masks = await masksAlong(params, tokenizer, before.slice(text.promptLength), outputs - past);
  const rows = memory.walk(session, before, from - 1, 'prefill', signal);
  const texts = tokenTexts(text.tokens.slice(text.promptLength), tokenizer);
  return rederiver.trace(
    { tokens: before, stream },
    params,
    { from, rows, masks },
    (trace) => ({
      branch: 0,
      position: before.length,
      token,
      piece: texts.at(-1)!.piece,
      visible: texts.reduce((units, { piece }) => units + piece.length, 0),
      ...tokenNumbers(trace, trace.raw, token, finalLogprob(trace, token)),
      u: null,
      stages: trace.stages,
    }),
    rederiver.memory,
  );
}
