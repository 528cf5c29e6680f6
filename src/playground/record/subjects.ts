import { compare } from '../compare/state.svelte.ts';
import { familiesOf } from '../texts/families.ts';
import { playground } from '../state.svelte.ts';
import type { Recordable } from './make_record.ts';

/** What can be shared, exported or drawn. */
export interface Subject extends Recordable {
  readonly id: 'text' | 'texts' | 'comparison';
  readonly label: string;
}

/** What the page can share now, with what is on view first. Reads the page's state. */
export function subjects(): Subject[] {
  const { line, lines, settings } = playground;
  const compared = compare.comparison;
  const found: Subject[] = [];
  if (line) found.push({ id: 'text', label: 'this text', lines: [line], comparison: null });
  if (lines.length > 1) {
    const all = familiesOf(lines).flatMap((family) => family.lines);
    found.push({ id: 'texts', label: `all ${lines.length} texts`, lines: all, comparison: null });
  }
  if (compared && compared.lines.length > 0) {
    const count = `${compared.lines.length} ${compared.strategy.kind === 'sample' ? 'lanes' : 'branches'}`;
    const subject: Subject = {
      id: 'comparison',
      label: `the comparison, ${count}`,
      lines: compared.lines,
      comparison: compared,
    };
    if (settings.view.page === 'compare') found.unshift(subject);
    else found.push(subject);
  }
  return found;
}
