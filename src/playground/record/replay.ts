/**
 * Computes an opened record again on this machine and compares the tokens, the words, every number and the settings beside it.
 * Whoever changes a record can write a new checksum, but cannot deceive this. The page shows the computed values afterwards.
 */
import { worker } from '../connection.ts';
import { fileHash } from '../file_hash.ts';
import { drawnBy } from '../texts/text.ts';
import { texts } from '../texts/store.svelte.ts';
import { launch } from '../texts/launch.ts';
import { notifyFailure } from '../notices.ts';
import { promptSource } from '../prompt_actions.ts';
import { modelIsHere } from '../record_actions.ts';
import { hold } from '../texts/held_texts.ts';
import { playground } from '../state.svelte.ts';
import { TextComparison } from './compare_texts.ts';
import { computedText, endOf } from './computed_text.ts';
import { differenceAt } from './difference.ts';
import type { DocumentText, RunRecord } from './document.ts';
import { engineHere, modelHere } from './here.ts';
import { opened, type Difference, type Opened, type Replay } from './opened.svelte.ts';
import { type Computed, replayComparison, type Replaying } from './replay_comparison.ts';
import { showComputed } from './show_computed.ts';

/** Why the record cannot be replayed now, or null. */
export function replayBlocked({ record, origin }: Opened): string | null {
  if (origin === 'imported' && record.engine.kind === 'unknown')
    return `${record.model.name} wrote it on a page like this one. A file in OpenAI’s shape has no token ids, so it cannot be run again; save the run as JSON for that.`;
  if (origin === 'imported') return 'It was written elsewhere, by a model that cannot be run here.';
  if (playground.engine.phase !== 'ready' || !modelIsHere(record.model)) {
    return `Load ${record.model.name} to run it again here.`;
  }
  const { model, capabilities } = playground.engine.summary;
  if (capabilities.logits !== 'full')
    return `${model.name} draws on a server, which cannot be asked to draw the same again.`;
  if (record.model.vocabularySize !== model.vocabularySize)
    return `The ${model.name} that is loaded has another vocabulary; load the recorded one.`;
  const [recorded, here] = [record.model.sha256, fileHash()];
  if (recorded !== null && here !== null && recorded !== here) {
    return `The ${record.model.name} that is loaded is another file (SHA-256 ${here.slice(0, 8)}… instead of ${recorded.slice(0, 8)}…); load the recorded one.`;
  }
  if (playground.run.phase !== 'idle') return 'A run is in progress; stop it first.';
  if (!record.comparison && record.lines.some((text) => searched(text, record))) {
    return 'A search wrote this text, and only the whole search can be run again; ask for the comparison.';
  }
  return null;
}

/** Beam search and greedy decoding draw nothing, so the chain alone does not give their tokens. */
function searched({ drawn }: DocumentText, { strategy }: RunRecord): boolean {
  const strategies = drawn.length > 0 ? drawn.map((part) => part.strategy) : [strategy];
  return strategies.some((kind) => kind === 'beam' || kind === 'greedy');
}

/** Stop, or the request for another model, ends a replay without a verdict. */
export function replay(): Promise<void> {
  const { current } = opened;
  if (!current || replayBlocked(current) !== null) return Promise.resolve();
  return launch(
    (goOn) => computeAgain(current, goOn),
    (error) => {
      opened.replay(current, { phase: 'not-yet' });
      notifyFailure(error, 'run');
    },
  );
}

async function computeAgain(current: Opened, goOn: () => void): Promise<void> {
  opened.replay(current, { phase: 'running', text: 0 });
  const { engine } = current.record;
  const compared = new TextComparison(
    engine.numerics !== undefined && engine.numerics === engineHere().numerics,
  );
  await compareSettings(current, compared);
  goOn();
  const { record, difference } = current.record.comparison
    ? await replayComparison(current, current.record.comparison, { compared, goOn })
    : await replayTexts(current, { compared, goOn });
  goOn();
  const said = verdictOf(record, difference, compared);
  // Every text that is still on the page shows the computed values, whatever the verdict.
  showComputed(current.texts, record, said.phase === 'reproduced' ? 'reproduced' : 'differs');
  opened.replay(current, said);
}

function verdictOf(
  { lines, model, engine }: RunRecord,
  difference: Difference | null,
  compared: TextComparison,
): Replay {
  const byHand = lines.reduce((sum, text) => sum + text.byHand.length, 0);
  const outputs = lines.reduce((sum, { tokens, promptLength }) => sum + tokens.length - promptLength, 0);
  if (outputs === byHand) compared.wrong('that anything was drawn: nothing here was');
  const { verdict } = compared;
  const here = { model, engine };
  if (difference !== null || verdict.wrong.length > 0) return { phase: 'differs', difference, verdict, here };
  const date = new Date().toISOString();
  return { phase: 'reproduced', drawn: outputs - byHand, byHand, verdict, here, date };
}

/** The record's own prompt and parameters are replayed, so the settings beside it must agree with them. */
async function compareSettings(
  { settings, contradictions, record }: Opened,
  to: TextComparison,
): Promise<void> {
  for (const name of contradictions) to.wrong(`${name} in the settings`);
  if (!settings) return;
  const { tokens } = await worker().tokenise(promptSource(settings));
  const { promptLength, tokens: recorded } = record.lines[record.current]!;
  const same =
    tokens.length === promptLength && tokens.every(({ token }, position) => token === recorded[position]!.id);
  if (!same) to.wrong('the prompt in the settings');
}

/** Replays the texts one after another. */
async function replayTexts(current: Opened, { compared, goOn }: Replaying): Promise<Computed> {
  const { record, settings } = current;
  const replayed: DocumentText[] = [];
  let difference: Difference | null = null;
  for (const [index, document] of record.lines.entries()) {
    opened.replay(current, { phase: 'running', text: index });
    const text = playground.texts.find(({ id }) => id === current.texts[index]);
    const recorded = texts.recordOf(text?.id);
    if (!text || !recorded) {
      throw new Error('A text of the record is no longer on the page; open the record again to replay it.');
    }
    await hold(text);
    goOn();
    const parts = drawnBy(text);
    const depth = 8 + Math.max(0, ...document.tokens.map(({ top }) => top.length));
    const here = await worker().replay({ text: text.id, parts, depth, stepwise: true });
    goOn();
    if (!here) throw new Error('The text is no longer held by the worker; open the record again.');
    const stop = settings?.stop ?? [];
    const limits = { stop, maxTokens: settings?.maxTokens ?? Infinity, contextLength: contextLength() };
    const computed = computedText(document, here, endOf(here, document.promptLength, limits));
    replayed.push(computed);
    compared.text(document, computed, Math.max(0, ...stop.map(({ length }) => length - 1)));
    const output = [...here.drawn.keys()].find(
      (at) =>
        !document.byHand.includes(at) && here.drawn[at] !== here.texts[document.promptLength + at]!.token,
    );
    if (output !== undefined && difference === null) {
      const position = document.promptLength + output;
      const { params } = parts.findLast(({ from }) => from <= position) ?? text;
      const label = here.top.labels.get(here.drawn[output]!) ?? '';
      difference = await differenceAt(record, index, output, { text: text.id, params }, label);
      goOn();
    }
  }
  checkBranches(record, compared);
  const computed = {
    ...record,
    lines: replayed,
    strategy: 'sample' as const,
    engine: engineHere(),
    model: await modelHere(),
  };
  return { record: computed, difference };
}

/** A branch begins with its parent's tokens. */
function checkBranches({ lines }: RunRecord, compared: TextComparison): void {
  for (const { name, parent, forkedAt, tokens } of lines) {
    const from = parent === null ? null : lines[parent]!;
    const shares = tokens
      .slice(0, forkedAt ?? 0)
      .every(({ id }, position) => id === from?.tokens[position]?.id);
    if ((from === null) !== (forkedAt === null) || (from && !shares))
      compared.wrong(`where text ${name} branches off`);
  }
}

function contextLength(): number {
  return playground.engine.phase === 'ready' ? playground.engine.summary.model.contextLength : Infinity;
}
