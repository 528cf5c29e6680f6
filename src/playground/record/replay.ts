/** Runs an opened record again on this machine, and says whether the same tokens come out. */
import { EngineError } from '../../engines/contract.ts';
import { worker } from '../connection.ts';
import type { Line } from '../line.ts';
import { notify } from '../notices.ts';
import { adoptLine, markRecorded, modelIsHere } from '../recording_actions.ts';
import { playground } from '../state.svelte.ts';
import { opened, type Difference, type Opened } from './opened.svelte.ts';
import { recordedStep } from './recorded_view.ts';

/** Candidates of each side where the two part. */
const compared = 8;

/** Why the record cannot be replayed now, or null. */
export function replayBlocked({ record, origin }: Opened): string | null {
  if (origin === 'imported') return 'It was written elsewhere, by a model that cannot be run here.';
  if (playground.engine.phase !== 'ready' || !modelIsHere(record.model)) {
    return `Load ${record.model.name} to run it again here.`;
  }
  if (playground.run.phase !== 'idle') return 'A run is going on; stop it first.';
  return null;
}

/** Every text, one after another, until one differs. Stop ends it. */
export async function replay(): Promise<void> {
  const { current } = opened;
  if (!current || replayBlocked(current) !== null) return;
  playground.change({ run: { phase: 'decode', tokens: 0, startedAt: performance.now() } });
  try {
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
  const again = await worker().replay(line.id, line.params);
  const output = again?.firstDivergence ?? null;
  markRecorded(line.id, output === null ? 'reproduced' : 'differs');
  if (!again || output === null) return null;
  const position = line.promptLength + output;
  const token = document.tokens[position]!;
  const place = { line: line.id, position };
  return {
    line: index,
    output,
    recordedLabel: token.label,
    drawnLabel: again.labels[output]!,
    recorded: recordedStep(token, record.model.vocabularySize),
    here: await worker().inspect(place, line.params, { top: compared }),
  };
}
