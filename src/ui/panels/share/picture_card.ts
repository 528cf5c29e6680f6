/** A card for a slide or a chat: up to four texts, their words coloured as on the page, and what sets them apart. */
import { laneLetter } from '../../../playground/compare/lane_gestures.ts';
import { allTokens, type PageText, type TokenView } from '../../../playground/texts/text.ts';
import type { Recordable } from '../../../playground/record/make_record.ts';
import { colourStep } from '../../../playground/token_colour.ts';
import { begin, type Picture, type Sheet } from '../../charts/picture_sheet.ts';

/** The size at which chats and slides show a picture whole. */
const width = 1200;
const height = 630;
const margin = 20;
const maxTexts = 4;
const fontSize = 24;
const lineHeight = 36;

/** A text and what sets it apart. */
export interface CardText {
  readonly text: PageText;
  readonly caption: string;
}

/** What a card shows of a subject: of a beam search its best beams, of samples the ranking's first. */
export function cardTexts({ texts, comparison }: Recordable): CardText[] {
  if (!comparison) return texts.map((text) => ({ text, caption: text.name }));
  const { strategy, differences, result } = comparison;
  const own = strategy.kind === 'sample';
  const order = own || !result ? texts.map((_, lane) => lane) : result.ranking;
  return order.flatMap((lane, rank) => {
    const text = texts[lane];
    if (!text || text.reason === 'pruned') return [];
    const wins = lane === result?.winner ? ' · wins' : '';
    const caption = own
      ? `${laneLetter(lane)} · ${differences[lane] || 'common setting'} · seed ${text.params.seed}`
      : `${strategy.kind === 'beam' ? `beam ${rank + 1}` : `sample ${laneLetter(lane)}`}${wins}`;
    return [{ text, caption }];
  });
}

export function cardPicture(texts: readonly CardText[]): Picture {
  const left = texts.length - maxTexts;
  return {
    name: 'card',
    label: 'Card',
    title: `Logitscope: how likely each token was${left > 0 ? `, ${maxTexts} of ${texts.length} texts` : ''}`,
    legend: [],
    width,
    height,
    whole: true,
    type: 1.6,
    ratio: 1,
    paint: (sheet) => {
      begin(sheet);
      paintCard(texts.slice(0, maxTexts), sheet);
    },
  };
}

function paintCard(shown: readonly CardText[], { context, inner }: Sheet): void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  context.textBaseline = 'alphabetic';
  const room = inner / shown.length;
  shown.forEach(({ text, caption }, index) => {
    const top = index * room;
    context.font = `600 18px ${colour('--font')}`;
    context.fillStyle = colour('--ink-3');
    context.fillText(caption, margin, top + 24);
    const rows = Math.max(1, Math.floor((room - 44) / lineHeight));
    drawText(context, allTokens(text), { top: top + 34, rows }, colour);
  });
}

/** Token by token, broken where a token begins with a space; what does not fit ends in an ellipsis. */
function drawText(
  context: CanvasRenderingContext2D,
  tokens: readonly TokenView[],
  { top, rows }: { readonly top: number; readonly rows: number },
  colour: (name: string) => string,
): void {
  context.font = `${fontSize}px ${colour('--font')}`;
  let x = margin;
  let row = 0;
  for (const token of tokens) {
    if (token.kind === 'control') continue;
    const text = token.piece.replace(/\s+/g, ' ');
    const wide = context.measureText(text).width;
    if (x + wide > width - margin - fontSize) {
      if (row + 1 === rows) {
        context.fillStyle = colour('--ink-3');
        context.fillText('…', x, top + row * lineHeight + fontSize);
        return;
      }
      row++;
      x = margin;
    }
    const drawn = x === margin ? text.trimStart() : text;
    const wideDrawn = context.measureText(drawn).width;
    // What was written by hand is not what the card is about.
    const step = token.start < 0 ? 0 : colourStep('probability', token);
    if (step > 0) {
      context.fillStyle = colour(`--v${step}`);
      context.fillRect(x, top + row * lineHeight + 2, wideDrawn, fontSize + 6);
    }
    context.fillStyle = token.start < 0 ? colour('--ink-3') : step > 0 ? colour('--v-ink') : colour('--ink');
    context.fillText(drawn, x, top + row * lineHeight + fontSize);
    x += wideDrawn;
  }
}
