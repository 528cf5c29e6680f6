/** Records the lanes, the samples or the beams of a card, as `src/playground/compare/run_comparison.ts` runs them. */
import type { RunResult } from '../../src/decoding/events.ts';
import { cardSettings, type CardRun } from '../../src/playground/learn/card.ts';
import { strategyOf } from '../../src/playground/method.ts';
import { documentOutcome } from '../../src/playground/record/make_comparison.ts';
import { documentText, fromEvidence } from '../../src/playground/record/document_text.ts';
import type { DocumentText, RunRecord } from '../../src/playground/record/document.ts';
import { laneParams } from '../../src/playground/settings.ts';
import { forkedText, promptOnly, withEvent, type PageText } from '../../src/playground/texts/text.ts';
import type { RunRequest, TextEvent, TokenText, WorkerApi } from '../../src/worker/api/worker_api.ts';

type Texts = Omit<RunRecord, 'model' | 'engine'>;

interface Ran {
  readonly texts: readonly PageText[];
  readonly result: RunResult;
  readonly usage: Extract<TextEvent, { type: 'usage' }>['usage'] | null;
}

/** @param depth candidates of each step */
export async function recordComparison(host: WorkerApi, run: CardRun, depth: number): Promise<Texts> {
  const settings = cardSettings(run);
  const { params, lanes: patches, sharedLuck, maxTokens } = settings;
  const strategy = strategyOf(settings.method);
  const together = strategy.kind === 'sample';
  const stop = { maxTokens, sequences: [] };
  const { tokens } = await host.tokenise({ kind: 'text', text: settings.prompt });
  const lanes = (together ? patches : [{}]).map((_, lane) => ({
    text: lane + 1,
    params: together ? laneParams(settings, lane) : params,
    stream: 0,
  }));
  const request: RunRequest = {
    prompt: tokens.map(({ token }) => token),
    lanes,
    ...(together ? {} : { branches: lanes.length + 1 }),
    strategy,
    stop,
  };
  const ran = await runRequest(host, request, tokens);
  const lines: DocumentText[] = [];
  for (const text of ran.texts) {
    const evidence = await host.evidence(text.id, text.params, depth);
    if (!evidence) throw new Error('The engine reports no candidates.');
    lines.push(documentText(text, ran.texts, fromEvidence(evidence, text.promptLength), null));
  }
  const greedy = strategy.kind === 'beam' ? await runGreedy(host, request, tokens) : null;
  for (const { id } of ran.texts) await host.forget(id);
  const current = run.focus ?? ran.result.winner ?? 0;
  return {
    strategy: strategy.kind,
    lines,
    comparison: {
      strategy,
      params,
      lanes: together ? patches : [],
      sharedLuck: together && sharedLuck,
      stop,
      usage: ran.usage,
      outcome: documentOutcome(
        ran.result,
        ran.texts.map((_, index) => index),
      ),
      greedy,
    },
    current,
    selected: Math.min(lines[current]!.tokens.length, tokens.length + run.selected),
  };
}

async function runRequest(host: WorkerApi, request: RunRequest, prompt: readonly TokenText[]): Promise<Ran> {
  const { strategy, lanes, stop } = request;
  const seedOf = (id: number, lane: number, stream: number) => ({
    id,
    name: `${request.branches === undefined ? 'lane' : 'branch'} ${lane + 1}`,
    lane,
    params: (lanes[lane] ?? lanes[0]!).params,
    stop,
    stream,
  });
  let texts: readonly PageText[] =
    request.branches === undefined
      ? lanes.map(({ text, stream }, lane) => promptOnly(seedOf(text, lane, stream), prompt))
      : [];
  let usage: Ran['usage'] = null;
  const take = (event: TextEvent): void => {
    if (event.type === 'usage') {
      if (event.usage.pagesUsed > (usage?.pagesUsed ?? 0)) usage = event.usage;
    } else if (event.type === 'branch') {
      const seed = seedOf(event.text, texts.length, strategy.kind === 'beam' ? 0 : texts.length);
      const from = texts.find(({ id }) => id === event.parent);
      const text = from ? forkedText(seed, from, prompt.length + event.shared) : promptOnly(seed, prompt);
      texts = [...texts, text];
    } else {
      texts = texts.map((text) => withEvent(text, event));
    }
  };
  const result = await host.run(request, (events) => events.forEach(take));
  if (result.error) throw new Error(result.error.message);
  return { texts, result, usage };
}

async function runGreedy(host: WorkerApi, { prompt, lanes, stop }: RunRequest, tokens: readonly TokenText[]) {
  const lane = { ...lanes[0]!, text: 1000 };
  const strategy = { kind: 'greedy' } as const;
  const { result } = await runRequest(host, { prompt, lanes: [lane], strategy, stop }, tokens);
  const { text, tokens: ids, totalLogprob } = result.branches[0]!;
  await host.forget(lane.text);
  return { text, tokens: ids, totalLogprob };
}
