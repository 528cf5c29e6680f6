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
  const { text, texts, settings } = playground;
  const compared = compare.comparison;
  const found: Subject[] = [];
  if (text) found.push({ id: 'text', label: 'this text', texts: [text], comparison: null });
  if (texts.length > 1) {
    const all = familiesOf(texts).flatMap((family) => family.texts);
    found.push({ id: 'texts', label: `all ${texts.length} texts`, texts: all, comparison: null });
  }
  if (compared && compared.texts.length > 0) {
    const count = `${compared.texts.length} ${compared.strategy.kind === 'sample' ? 'lanes' : 'branches'}`;
    const subject: Subject = {
      id: 'comparison',
      label: `the comparison, ${count}`,
      texts: compared.texts,
      comparison: compared,
    };
    if (settings.view.page === 'compare') found.unshift(subject);
    else found.push(subject);
  }
  return found;
}
