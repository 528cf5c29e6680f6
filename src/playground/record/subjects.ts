import type { Strategy } from '../../decoding/events.ts';
import { compare } from '../compare/state.svelte.ts';
import { familiesOf } from '../history/families.ts';
import type { Line } from '../line.ts';
import { playground } from '../state.svelte.ts';

/** What can be shared, exported or drawn. */
export interface Subject {
  readonly id: 'text' | 'texts' | 'comparison';
  readonly label: string;
  readonly lines: readonly Line[];
  readonly strategy: Strategy['kind'];
}

/** What there is on the page now, the text on view first. Reads the page's state. */
export function subjects(): Subject[] {
  const { line, lines } = playground;
  const compared = compare.comparison;
  const found: Subject[] = [];
  if (line) found.push({ id: 'text', label: 'this text', lines: [line], strategy: 'sample' });
  if (lines.length > 1) {
    const all = familiesOf(lines).flatMap((family) => family.lines);
    found.push({ id: 'texts', label: `all ${lines.length} texts`, lines: all, strategy: 'sample' });
  }
  if (compared && compared.lines.length > 0) {
    found.push({
      id: 'comparison',
      label: `the comparison, ${compared.lines.length} lanes`,
      lines: compared.lines,
      strategy: compared.strategy.kind,
    });
  }
  return found;
}
