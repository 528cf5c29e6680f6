import type { TokenView } from '../../../playground/texts/text.ts';
import { visible } from '../../format.ts';

/** A line may break at the mark of a space, as it may at a space. */
const breakable = (marked: string): string => marked.replaceAll('␣', '\u200b␣\u200b');

/** A token as the text shows it: a control token by its label, and white space with marks if `whitespace` is true. */
export function shownText({ piece, label, kind }: TokenView, whitespace: boolean): string {
  const text = kind === 'control' || (whitespace && piece === '') ? label : piece;
  return whitespace ? breakable(visible(text)) : text;
}
