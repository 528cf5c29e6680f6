/** Runs an opened record again on this machine, and says whether the same tokens come out. */
import { EngineError } from '../../engines/contract.ts';
import { worker } from '../connection.ts';
import { fileHash } from '../file_hash.ts';
import { drawnBy, tokenAt, type Line } from '../line.ts';
import type { SamplingParams } from '../../sampling/params.ts';
import { notify } from '../notices.ts';
import { adoptLine, markRecorded, modelIsHere } from '../recording_actions.ts';
import { playground } from '../state.svelte.ts';
import type { DocumentLine } from './document.ts';
import { opened, type Difference, type Opened } from './opened.svelte.ts';
import { recordedStep } from './recorded_view.ts';
import { distributionHere, replayComparison } from './replay_comparison.ts';

/** Why the record cannot be replayed now, or null. */
export function replayBlocked({ record, origin }: Opened): string | null {
  if (origin === 'imported') return 'It was written elsewhere, by a model that cannot be run here.';
  if (playground.engine.phase !== 'ready' || !modelIsHere(record.model)) {
    return `Load ${record.model.name} to run it again here.`;
  }
  const [recorded, here] = [record.model.sha256, fileHash()];
  if (recorded !== null && here !== null && recorded !== here) {
    return `The ${record.model.name} that is loaded is another file (SHA-256 ${here.slice(0, 8)}… instead of ${recorded.slice(0, 8)}…); load the recorded one.`;
  }
  if (playground.run.phase !== 'idle') return 'A run is going on; stop it first.';
  if (!record.comparison && record.lines.some(searched)) {
    return 'A beam search wrote this text, and only the whole search can be run again; ask for the comparison.';
  }
  return null;
}

/** A beam's tokens were searched for: the chain alone does not draw them. */
function searched({ drawn }: DocumentLine): boolean {
  return drawn.some(({ strategy }) => strategy === 'beam');
}

/** Every text, one after another, until one differs. Stop ends it. */
export async function replay(): Promise<void> {
  const { current } = opened;
  if (!current || replayBlocked(current) !== null) return;
  playground.change({ run: { phase: 'decode', tokens: 0, startedAt: performance.now() } });
  try {
    if (current.record.comparison) {
      opened.replay({ phase: 'running', line: 0 });
      opened.replay(await replayComparison(current, current.record.comparison));
      return;
    }
    let tokens = 0;
    let difference: Difference | null = null;
    for (const [index, id] of current.lines.entries()) {
      const line = playground.lines.find((candidate) => candidate.id === id);
      // A text that was deleted meanwhile is no longer asked about.
      if (!line) continue;
      opened.replay({ phase: 'running', line: index });
      const found = await replayLine(line, index, current);
      difference ??= found;
      tokens += line.length - line.promptLength;
    }
    opened.replay(difference ? { phase: 'differs', difference } : { phase: 'reproduced', tokens });
  } catch (error) {
    opened.replay({ phase: 'not-yet' });
    const stopped = error instanceof EngineError && error.code === 'aborted';
    if (!stopped) notify('error', error instanceof Error ? error.message : String(error));
  } finally {
    playground.change({ run: { phase: 'idle' } });
  }
}

async function replayLine(line: Line, index: number, { record }: Opened): Promise<Difference | null> {
  const recorded = playground.recorded.find((entry) => entry.line === line.id);
  const document = record.lines[index]!;
  if (!recorded || line.length === line.promptLength) return null;
  await adoptLine(line, recorded);
  const again = await drawnAgain(line);
  markRecorded(line.id, again === null ? 'reproduced' : 'differs');
  if (again === null) return null;
  const { output, label, params } = again;
  const position = line.promptLength + output;
  const token = document.tokens[position]!;
  return {
    line: index,
    output,
    recordedLabel: token.label,
    drawnLabel: label,
    recorded: recordedStep(token, record.model.vocabularySize),
    here: await distributionHere({ line: line.id, position }, params, token.id),
  };
}

/**
 * The first token that is another one now, each asked under what drew it. The model runs once; a text that was continued with
 * other knobs is re-derived from the same logits for each of them.
 */
async function drawnAgain(
  line: Line,
): Promise<{ readonly output: number; readonly label: string; readonly params: SamplingParams } | null> {
  const parts = drawnBy(line);
  for (const [at, { from, params }] of parts.entries()) {
    const again = await (at === 0 ? worker().replay(line.id, params) : worker().rederive(line.id, params));
    const end = (parts[at + 1]?.from ?? line.length) - line.promptLength;
    for (let output = from - line.promptLength; again && output < end; output++) {
      if (again.tokens[output] === tokenAt(line, line.promptLength + output)?.token) continue;
      return { output, label: again.labels[output]!, params };
    }
  }
  return null;
}
