/** Records the texts that a card shows in the playground: one that the chain draws, or some that were typed. */
import { cardSettings, type CardRun } from '../../src/playground/learn/card.ts';
import { computedText } from '../../src/playground/record/computed_text.ts';
import type { DocumentText, RunRecord } from '../../src/playground/record/document.ts';
import { documentText, fromEvidence } from '../../src/playground/record/document_text.ts';
import { promptOnly, withEvent } from '../../src/playground/texts/text.ts';
import type { TextEvent, WorkerApi } from '../../src/worker/api/worker_api.ts';

type Texts = Omit<RunRecord, 'model' | 'engine'>;

/** @param depth candidates of each step */
export async function recordTexts(host: WorkerApi, run: CardRun, depth: number): Promise<Texts> {
  const lines = run.typed ? await typedTexts(host, run, depth) : [await drawnText(host, run, depth)];
  const current = run.focus ?? 0;
  const { promptLength, tokens } = lines[current]!;
  const selected = Math.min(tokens.length, promptLength + run.selected);
  return { strategy: 'sample', lines, comparison: null, current, selected };
}

async function drawnText(host: WorkerApi, run: CardRun, depth: number): Promise<DocumentText> {
  const { params, maxTokens, prompt } = cardSettings(run);
  const { tokens } = await host.tokenise({ kind: 'text', text: prompt });
  const stop = { maxTokens, sequences: [] };
  const id = 1;
  let text = promptOnly({ id, name: '1', lane: 0, params, stop }, tokens);
  const onEvents = (events: readonly TextEvent[]): void => void (text = events.reduce(withEvent, text));
  const { error } = await host.run(
    {
      prompt: tokens.map(({ token }) => token),
      lanes: [{ text: id, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop,
    },
    onEvents,
  );
  const evidence = await host.evidence(id, params, depth);
  if (error || !evidence) throw new Error(error?.message ?? 'The engine reports no candidates.');
  await host.forget(id);
  return documentText(text, [text], fromEvidence(evidence, text.promptLength), 'sample');
}

/** Nothing draws these texts, so each of their output tokens counts as chosen by hand. */
async function typedTexts(host: WorkerApi, run: CardRun, depth: number): Promise<DocumentText[]> {
  const { params } = cardSettings(run);
  const made: DocumentText[] = [];
  for (const [name, { prompt, output }] of Object.entries(run.typed!)) {
    const idsOf = async (text: string): Promise<number[]> =>
      (await host.tokenise({ kind: 'text', text })).tokens.map(({ token }) => token);
    const promptLength = (await idsOf(prompt)).length;
    const tokens = await idsOf(prompt + output);
    const byHand = tokens.slice(promptLength).map((_, index) => index);
    const id = made.length + 1;
    await host.adopt(id, { tokens, promptLength, stream: 0, byHand });
    const parts = [{ from: promptLength, params }];
    const here = await host.replay({ text: id, parts, depth, stepwise: true });
    if (!here) throw new Error(`The engine does not score the text “${name}”.`);
    await host.forget(id);
    const none = { lane: 0, parent: null, forkedAt: null, drawn: [], stream: 0, tokens: [] } as const;
    const text = { ...none, name, params, byHand, promptLength, visible: 0, reason: 'stopped' } as const;
    made.push(computedText(text, here, { reason: 'stopped', visible: output.length }));
  }
  return made;
}
