/** Loads a second model, and runs one prompt on both. */
import { EngineError } from '../../engines/contract.ts';
import type { RunRequest, SlotNumber } from '../../worker/api/worker_api.ts';
import type { ModelChoice } from '../../worker/api/models_api.ts';
import { onWorkerEnd, tell, worker } from '../connection.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { launch } from '../texts/launch.ts';
import { promptOnly, type PageText } from '../texts/text.ts';
import { sentenceOf } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { runBlocked, stopConditions } from '../texts/run_actions.ts';
import { runTexts } from '../texts/run_texts.ts';
import { playground } from '../state.svelte.ts';
import { across, type Duel } from './state.svelte.ts';

/** Counts loads, so that a load can tell that a newer one has overtaken it. */
let attempt = 0;

/** Loads a model beside the page's own. The texts of both are removed, because another second model wrote them. */
export async function openSecond(choice: ModelChoice, name: string): Promise<void> {
  const mine = ++attempt;
  const current = (): boolean => mine === attempt;
  across.setSecond({ phase: 'loading', name, progress: null });
  try {
    const summary = await worker(1).load(choice, (progress) => {
      if (current() && across.second.phase === 'loading') {
        across.setSecond({ phase: 'loading', name, progress });
      }
    });
    if (current()) across.setSecond({ phase: 'ready', summary });
  } catch (error) {
    if (current()) across.setSecond({ phase: 'failed', message: sentenceOf(error) });
  }
}

export async function closeSecond(): Promise<void> {
  attempt++;
  across.setSecond({ phase: 'none' });
  tell((asked) => asked.close(), 1);
}

/** A worker that ends takes the second model with it. The texts of both stay. */
onWorkerEnd(() => {
  const { phase } = across.second;
  if (phase !== 'ready' && phase !== 'loading') return;
  attempt++;
  across.setSecond({ phase: 'failed', message: 'The worker of this model ended; load it again.' });
});

/** Runs the prompt with the current knobs and seed on the page's own engine, and then on the second one. */
export function runAcross(): Promise<void> {
  return launch(
    async (goOn) => {
      const { engine, settings } = playground;
      const { second } = across;
      if (engine.phase !== 'ready' || second.phase !== 'ready') return;
      const blocked = runBlocked();
      across.clear();
      across.problem = blocked;
      if (blocked !== null || !(await grammarsUsable([settings.params]))) return;
      goOn();
      const source = promptSource(settings);
      const { params } = settings;
      const stop = stopConditions();
      const prompts = await Promise.all([worker().tokenise(source), worker(1).tokenise(source)]);
      goOn();
      const firstId = playground.newIds(2);
      const textOf = (slot: SlotNumber): PageText => {
        const name = slot === 0 ? 'A' : 'B';
        const seed = { id: firstId + slot, name, lane: slot, slot, params, source, stop };
        return promptOnly(seed, prompts[slot].tokens);
      };
      across.begin({
        names: [nameOf(engine.summary), nameOf(second.summary)],
        summaries: [engine.summary, second.summary],
        texts: [textOf(0), textOf(1)],
        distances: null,
        incomparable: null,
      });
      const request = (slot: SlotNumber): RunRequest => ({
        prompt: prompts[slot].tokens.map(({ token }) => token),
        lanes: [{ text: firstId + slot, params, stream: 0 }],
        strategy: { kind: 'sample' },
        stop,
      });
      const ran = await runTexts(request(0));
      goOn();
      const ranSecond = await runTexts(request(1), { slot: 1 });
      const failed = ran.error ?? ranSecond.error;
      if (failed) across.problem = failed.message;
      goOn();
      await measure(firstId);
    },
    (error) => {
      const stopped = error instanceof EngineError && error.code === 'aborted';
      if (!stopped) across.problem = sentenceOf(error);
    },
  );
}

async function measure(text: number): Promise<void> {
  let patch: Pick<Duel, 'distances' | 'incomparable'>;
  try {
    const distances = await worker().distances(text);
    patch = {
      distances,
      incomparable:
        distances === null
          ? 'The page’s own model gives no logit for every token, so distributions cannot be laid over each other.'
          : null,
    };
  } catch (error) {
    patch = { distances: null, incomparable: sentenceOf(error) };
  }
  across.measured(text, patch);
}

function nameOf({ model, kind }: { model: { name: string }; kind: string }): string {
  const engines: Readonly<Record<string, string>> = {
    webgpu: 'GPU',
    wllama: 'CPU, llama.cpp',
    'web-llm': 'web-llm',
    openai: 'server',
  };
  return engines[kind] === undefined ? model.name : `${model.name}, ${engines[kind]}`;
}
