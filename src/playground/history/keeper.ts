/** Writes what is on the page to the history, each text with its branches under an entry of its own. */
import { allTokens, outputText, type Line } from '../line.ts';
import { makeDocument, titleOf } from '../record/make_document.ts';
import { makeRecord } from '../record/make_record.ts';
import { playground } from '../state.svelte.ts';
import { saveEntry, saveSession } from './database.ts';
import { familiesOf, type Family } from './families.ts';

/** Candidates of each step that a kept run can show before its model is there. */
const depth = 8;

export class Keeper {
  /** Entry ids by the id of the root text. */
  readonly #entries = new Map<number, string>();
  /** What was written last of each entry. */
  readonly #written = new Map<string, readonly Line[]>();

  /** @param tab the name under which this tab writes */
  constructor(readonly tab: string) {}

  /** A text that came from the storage goes on under its entry. */
  adopt(root: number, entry: string): void {
    this.#entries.set(root, entry);
  }

  /** @throws DOMException where the browser refuses */
  async write(lines: readonly Line[]): Promise<void> {
    const entries: string[] = [];
    for (const family of familiesOf(lines).filter(({ root }) => madeHere(root))) {
      const id = this.#entryOf(family.root, lines);
      entries.push(id);
      if (same(this.#written.get(id), family.lines)) continue;
      await writeFamily(id, family);
      this.#written.set(id, family.lines);
    }
    await saveSession({ tab: this.tab, savedAt: Date.now(), settings: playground.settings, entries });
  }

  /** A text that grew has another id, and goes on under the entry of the one that it replaced. */
  #entryOf(root: Line, lines: readonly Line[]): string {
    const known = this.#entries.get(root.id);
    if (known !== undefined) return known;
    const here = new Set(lines.map(({ id }) => id));
    for (const [id, entry] of this.#entries) {
      const written = this.#written.get(entry)?.find((line) => line.id === id);
      if (here.has(id) || written?.name !== root.name) continue;
      this.#entries.delete(id);
      this.#entries.set(root.id, entry);
      return entry;
    }
    const entry = crypto.randomUUID();
    this.#entries.set(root.id, entry);
    return entry;
  }
}

async function writeFamily(id: string, { root, lines }: Family): Promise<void> {
  const record = await makeRecord(lines, depth);
  const title = titleOf(root);
  await saveEntry(
    {
      id,
      title,
      named: false,
      pinned: false,
      savedAt: Date.now(),
      model: record.model.name,
      tokens: lines.reduce((sum, line) => sum + line.length - line.promptLength, 0),
      text: lines.map((line) => promptText(line) + outputText(line)).join('\n'),
    },
    makeDocument(record, playground.settings, title),
  );
}

/** What came with the page, a link or a file is not written again. */
function madeHere(root: Line): boolean {
  const recorded = playground.recorded.find(({ line }) => line === root.id);
  return recorded === undefined || recorded.origin === 'kept';
}

function same(a: readonly Line[] | undefined, b: readonly Line[]): boolean {
  return a?.length === b.length && b.every((line, index) => a[index] === line);
}

function promptText(line: Line): string {
  return allTokens(line)
    .slice(0, line.promptLength)
    .map(({ piece }) => piece)
    .join('');
}
