/** Loading a second model, and running one prompt on both. */
import type { LineEvent, RunRequest } from '../../worker/api.ts';
import type { ModelChoice } from '../../worker/models_api.ts';
import { worker } from '../connection.ts';
import { grammarsUsable } from '../grammar.svelte.ts';
import { promptLine, withSteps, type Line } from '../line.ts';
import { promptSource } from '../prompt_actions.ts';
import { runBlocked, stopConditions } from '../run_actions.ts';
import { playground } from '../state.svelte.ts';
import { across, type Duel } from './state.svelte.ts';

const sentence = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Loads a model beside the page's own. What both had run is put away: it was of another model. */
export async function openSecond(choice: ModelChoice, name: string): Promise<void> {
  across.change({ second: { phase: 'loading', name, progress: null }, duel: null, problem: null });
  try {
    const summary = await worker().loadSecond(choice, (progress) => {
      if (across.second.phase === 'loading') across.change({ second: { phase: 'loading', name, progress } });
    });
    across.change({ second: { phase: 'ready', summary } });
  } catch (error) {
    across.change({ second: { phase: 'failed', message: sentence(error) } });
  }
}

export async function closeSecond(): Promise<void> {
  across.change({ second: { phase: 'none' }, duel: null, problem: null });
  await worker().closeSecond();
}

/** The prompt, with the knobs and the seed as they stand, on the page's own engine and then on the second one. */
export async function runAcross(): Promise<void> {
  const { engine } = playground;
  const { second } = across;
  if (engine.phase !== 'ready' || second.phase !== 'ready' || playground.run.phase !== 'idle') return;
  const blocked = runBlocked();
  across.change({ problem: blocked, duel: null });
  const { settings } = playground;
  if (blocked !== null || !(await grammarsUsable([settings.params]))) return;
  playground.change({ run: { phase: 'decode', tokens: 0, startedAt: performance.now() } });
  try {
    const source = promptSource(settings);
    const [first, other] = [await worker().tokenise(source), await worker().tokeniseSecond(source)];
    const firstId = playground.newIds(2);
    const { params } = settings;
    const line = (id: number, lane: number, tokens: typeof first.tokens): Line =>
      promptLine({ id, name: lane === 0 ? 'A' : 'B', lane, params }, tokens);
    across.change({
      duel: {
        names: [nameOf(engine.summary), nameOf(second.summary)],
        lines: [line(firstId, 0, first.tokens), line(firstId + 1, 1, other.tokens)],
        distances: null,
        incomparable: null,
      },
    });
    const request = (id: number, tokens: typeof first.tokens): RunRequest => ({
      prompt: tokens.map(({ token }) => token),
      lanes: [{ line: id, params, stream: 0 }],
      strategy: { kind: 'sample' },
      stop: stopConditions(),
    });
    const ran = await worker().run(request(firstId, first.tokens), follow);
    const ranSecond = await worker().runSecond(request(firstId + 1, other.tokens), follow);
    const failed = ran.error ?? ranSecond.error;
    if (failed) across.change({ problem: failed.message });
    await measure(firstId);
  } catch (error) {
    across.change({ problem: sentence(error) });
  } finally {
    playground.change({ run: { phase: 'idle' } });
  }
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
    patch = { distances: null, incomparable: sentence(error) };
  }
  if (across.duel) across.change({ duel: { ...across.duel, ...patch } });
}

function follow(batch: readonly LineEvent[]): void {
  const { duel } = across;
  if (!duel) return;
  const [first, second] = duel.lines.map((line) => batch.reduce(withEvent, line)) as [Line, Line];
  across.change({ duel: { ...duel, lines: [first, second] } });
  const tokens = batch.reduce((sum, event) => sum + (event.type === 'steps' ? event.steps.length : 0), 0);
  const { run } = playground;
  if (run.phase === 'decode') playground.change({ run: { ...run, tokens: run.tokens + tokens } });
}

function withEvent(line: Line, event: LineEvent): Line {
  if (event.type === 'steps' && event.line === line.id) return withSteps(line, event.steps);
  if (event.type === 'line-end' && event.line === line.id) return { ...line, reason: event.reason };
  return line;
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
