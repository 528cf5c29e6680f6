/**
 * Compares a record's text with the same text computed here: what is beyond the tolerance, what was corrected, and the largest
 * difference of a number. docs/links-and-files.md explains the tolerances.
 */
import { numberNames, type NumberName, tokenNumbers } from '../texts/token_numbers.ts';
import type { DocumentCandidate, DocumentText, DocumentToken } from './document.ts';

/** Nats, or a share of mass. A link rounds by up to 0.0005; the rest allows for another browser's exp and log. */
const sameNumerics = 0.001;
/** For engines that compute in another way: another order of sums, or f16 in place of f32. */
const otherNumerics = 0.05;

export interface Verdict {
  /** What the record claims and this machine contradicts, as parts of a sentence. */
  readonly wrong: readonly string[];
  /** What differed within the tolerance, or cannot be checked. The page shows this machine's value. */
  readonly corrected: readonly string[];
  /** How many numbers were compared. */
  readonly numbers: number;
  /** The largest difference of a logprob or an entropy, in nats. */
  readonly maxDelta: number;
}

export class TextComparison {
  readonly #wrong: string[] = [];
  readonly #corrected: string[] = [];
  #numbers = 0;
  #maxDelta = 0;

  /** @param exact whether the record's numerics id is the one of this machine */
  constructor(private readonly exact: boolean) {}

  get verdict(): Verdict {
    return {
      wrong: this.#wrong,
      corrected: this.#corrected,
      numbers: this.#numbers,
      maxDelta: this.#maxDelta,
    };
  }

  wrong(what: string): void {
    this.#wrong.push(what);
  }

  corrected(what: string): void {
    this.#corrected.push(what);
  }

  /** Compares a single number, such as a score. @returns whether it agrees */
  agrees(recorded: number | null, here: number | null): boolean {
    return this.#agree('rawLogprob', recorded, here, 1);
  }

  /**
   * @param here the same token ids, computed here
   * @param held UTF-16 units that a stopped run may have held back as the possible beginning of a stop sequence
   */
  text(recorded: DocumentText, here: DocumentText, held: number): void {
    recorded.tokens.forEach((token, position) => {
      const output = position - recorded.promptLength;
      const place = `${output < 0 ? `prompt token ${position + 1}` : `token ${output + 1}`} of text ${recorded.name}`;
      // A temperature below 1 multiplies differences of logits.
      const part = recorded.drawn.findLast(({ from }) => from <= position) ?? recorded;
      const { temperature } = part.params;
      this.#token(token, here.tokens[position]!, place, temperature > 0 ? Math.max(1, 1 / temperature) : 1);
    });
    if (recorded.reason !== here.reason) {
      const say = cut.has(recorded.reason) ? this.#corrected : this.#wrong;
      say.push(`how text ${recorded.name} ended`);
    }
    const output = here.tokens.slice(here.promptLength).reduce((sum, { text }) => sum + text.length, 0);
    const hidden = here.visible - Math.min(recorded.visible, output);
    if (hidden !== 0) {
      const say = cut.has(recorded.reason) && hidden > 0 && hidden <= held ? this.#corrected : this.#wrong;
      say.push(`how much of text ${recorded.name} is shown`);
    }
    if (recorded.byHand.join() !== here.byHand.join())
      this.#corrected.push(`which tokens of text ${recorded.name} were chosen by hand`);
    if (recorded.stream !== here.stream) this.#wrong.push(`the stream of text ${recorded.name}`);
  }

  #token(recorded: DocumentToken, here: DocumentToken, place: string, heat: number): void {
    if (recorded.label !== here.label || recorded.kind !== here.kind) {
      this.#wrong.push(`the word of ${place} (“${recorded.label}” for “${here.label}”)`);
    } else if (recorded.text !== here.text) {
      // The end of a run may have cut a character that the next run completed.
      const halved = recorded.text.includes('\uFFFD') || here.text.includes('\uFFFD');
      if (halved || partial(here.label)) this.#corrected.push(`the text of ${place}`);
      else this.#wrong.push(`the word of ${place} (“${recorded.text}” for “${here.text}”)`);
    }
    const border = !this.exact && recorded.kept !== here.kept;
    for (const key of numberNames) {
      // If a candidate crossed the chain's cut, the others share its mass, and their final numbers differ.
      const ofMass = tokenNumbers[key].ofChain && tokenNumbers[key].unit === 'nats';
      if (border && ofMass) continue;
      const [said, is] = [recorded[key] ?? null, here[key] ?? null];
      const scale = ofMass ? heat : 1;
      if (!this.#agree(key, said, is, scale)) {
        this.#wrong.push(`the ${tokenNumbers[key].words} of ${place} (${shown(said)} for ${shown(is)})`);
      }
    }
    this.#candidates(recorded, here, place, heat, border);
  }

  #candidates(
    recorded: DocumentToken,
    here: DocumentToken,
    place: string,
    heat: number,
    border: boolean,
  ): void {
    const byId = new Map(here.top.map((candidate) => [candidate.id, candidate]));
    recorded.top.forEach((said, index) => {
      const is = byId.get(said.id);
      const rival = here.top[index];
      const told = recorded.kept !== null;
      const agrees =
        is !== undefined &&
        is.label === said.label &&
        this.#agree('rawLogprob', said.rawLogprob, is.rawLogprob, 1) &&
        // The record left out no likelier candidate.
        (rival === undefined || rival.rawLogprob - said.rawLogprob <= this.#bound) &&
        (!told || border || this.#finals(said, is, heat));
      if (!agrees) this.#wrong.push(`the candidate “${said.label}” at ${place}`);
    });
    const ids = new Set(recorded.top.map(({ id }) => id));
    if (ids.size !== recorded.top.length)
      this.#wrong.push(`the candidates at ${place}, one of which stands twice`);
  }

  /** Null means that the chain removed the candidate; the record must agree. */
  #finals(said: DocumentCandidate, is: DocumentCandidate, heat: number): boolean {
    if (said.finalLogprob === null || is.finalLogprob === null) return said.finalLogprob === is.finalLogprob;
    return this.#agree('finalLogprob', said.finalLogprob, is.finalLogprob, heat);
  }

  get #bound(): number {
    return this.exact ? sameNumerics : otherNumerics;
  }

  /** A number that the record lacks is filled in. A number that cannot be computed here is wrong. */
  #agree(key: NumberName, said: number | null, is: number | null, heat: number): boolean {
    if (said === null) return true;
    if (is === null) return false;
    this.#numbers++;
    const delta = Math.abs(said - is);
    if (tokenNumbers[key].unit === 'nats') this.#maxDelta = Math.max(this.#maxDelta, delta);
    if (tokenNumbers[key].unit === 'whole') return delta <= (this.exact ? 0 : 1 + is / 20);
    // A logprob of −1,000 has fewer digits after the point.
    const size = Math.max(1, Math.abs(is) / 100);
    return delta <= this.#bound * size * (this.exact ? 1 : heat);
  }
}

/** Reasons that say only that the text was cut there. */
const cut: ReadonlySet<DocumentText['reason']> = new Set([
  'max-tokens',
  'stopped',
  'lost-race',
  'pruned',
  'error',
]);

/** Whether the label shows bytes of an incomplete character (`Tokenizer.label`). */
function partial(label: string): boolean {
  return label.includes('\\x');
}

function shown(value: number | null): string {
  return value === null ? 'none' : String(Number(value.toPrecision(6)));
}
