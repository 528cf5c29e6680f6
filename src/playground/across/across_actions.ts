/** Loading a second model, and running one prompt on both. */
import { EngineError } from '../../engines/contract.ts';
import type { LineEvent, LineId, RunRequest } from '../../worker/api/worker_api.ts';
import type { ModelChoice } from '../../worker/api/models_api.ts';
import { onWorkerEnd, tell, worker } from '../connection.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { countTokens, launch } from '../texts/launch.ts';
import { ended, promptLine, tokensIn, withEvent, type Line } from '../texts/line.ts';
import { sentenceOf } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { runBlocked, stopConditions } from '../texts/run_actions.ts';
import { playground } from '../state.svelte.ts';
import { across, type Duel } from './state.svelte.ts';

/** Counts loads, so that one that was overtaken says nothing more. */
let attempt = 0;

/** Loads a model beside the page's own. What both had run is put away: it was of another model. */
export async function openSecond(choice: ModelChoice, name: string): Promise<void> {
  const mine = ++attempt;
  const current = (): boolean => mine === attempt;
  across.change({ second: { phase: 'loading', name, progress: null }, duel: null, problem: null });
  try {
    const summary = await worker(1).load(choice, (progress) => {
      if (current() && across.second.phase === 'loading') {
        across.change({ second: { phase: 'loading', name, progress } });
      }
    });
    if (current()) across.change({ second: { phase: 'ready', summary } });
  } catch (error) {
    if (current()) across.change({ second: { phase: 'failed', message: sentenceOf(error) } });
  }
}

export async function closeSecond(): Promise<void> {
  attempt++;
  across.change({ second: { phase: 'none' }, duel: null, problem: null });
  tell((asked) => asked.close(), 1);
}

/** A worker that ended took the second model with it. What both wrote stays. */
onWorkerEnd(() => {
  const { phase } = across.second;
  if (phase !== 'ready' && phase !== 'loading') return;
  attempt++;
  across.change({ second: { phase: 'failed', message: 'The worker that ran it ended; load it again.' } });
});

/** The prompt, with the knobs and the seed as they stand, on the page's own engine and then on the second one. */
export function runAcross(): Promise<void> {
  return launch(
    async (goOn) => {
      const { engine, settings } = playground;
      const { second } = across;
      if (engine.phase !== 'ready' || second.phase !== 'ready') return;
      const blocked = runBlocked();
      across.change({ problem: blocked, duel: null });
      if (blocked !== null || !(await grammarsUsable([settings.params]))) return;
      goOn();
      const source = promptSource(settings);
      const { params } = settings;
      const stop = stopConditions();
      const prompts = await Promise.all([worker().tokenise(source), worker(1).tokenise(source)]);
      goOn();
      const firstId = playground.newIds(2);
      const [first, other] = prompts.map(({ tokens }, lane) =>
        promptLine({ id: firstId + lane, name: lane === 0 ? 'A' : 'B', lane, params, source, stop }, tokens),
      ) as [Line, Line];
      across.change({
        duel: {
          names: [nameOf(engine.summary), nameOf(second.summary)],
          lines: [first, other],
          distances: null,
          incomparable: null,
        },
      });
      const request = (lane: 0 | 1): RunRequest => ({
        prompt: prompts[lane].tokens.map(({ token }) => token),
        lanes: [{ line: firstId + lane, params, stream: 0 }],
        strategy: { kind: 'sample' },
        stop,
      });
      try {
        const ran = await worker().run(request(0), (batch) => follow(firstId, batch));
        goOn();
        const ranSecond = await worker(1).run(request(1), (batch) => follow(firstId + 1, batch));
        const failed = ran.error ?? ranSecond.error;
        if (failed) across.change({ problem: failed.message });
        goOn();
        await measure(firstId);
      } finally {
        const { duel } = across;
        const [a, b] = (duel?.lines ?? []).map((line) => ended(line, 'stopped'));
        if (duel && a && b) across.change({ duel: { ...duel, lines: [a, b] } });
      }
    },
    (error) => {
      const stopped = error instanceof EngineError && error.code === 'aborted';
      if (!stopped) across.change({ problem: sentenceOf(error) });
    },
  );
}

async function measure(line: number): Promise<void> {
  let patch: Pick<Duel, 'distances' | 'incomparable'>;
  try {
    const distances = await worker().distances(line);
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
  const { duel } = across;
  if (duel?.lines[0].id === line) across.change({ duel: { ...duel, ...patch } });
}

/** Each engine reads the prompt in its own tokens, so that its events are about its own text only. */
function follow(id: LineId, batch: readonly LineEvent[]): void {
  const { duel } = across;
  if (!duel) return;
  const [first, second] = duel.lines.map((line) =>
    line.id === id ? batch.reduce(withEvent, line) : line,
  ) as [Line, Line];
  across.change({ duel: { ...duel, lines: [first, second] } });
  countTokens(tokensIn(batch));
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
