import type { DocumentText, DocumentToken, RunRecord } from '../record/document.ts';

/** The plain texts with their prompts. Several texts each have a heading with name, temperature and seed. */
export function toText({ lines: texts }: RunRecord): string {
  if (texts.length === 1) return `${outputOf(texts[0]!)}\n`;
  return texts
    .map((text) => {
      const { temperature, seed } = text.params;
      return `## ${text.name} (temperature ${temperature}, seed ${seed})\n\n${outputOf(text)}\n`;
    })
    .join('\n');
}

/** Prompt and shown output. */
export function outputOf({ tokens, promptLength, visible }: DocumentText): string {
  return textOf(tokens.slice(0, promptLength)) + textOf(tokens.slice(promptLength)).slice(0, visible);
}

/** Without control tokens. */
export function textOf(tokens: readonly DocumentToken[]): string {
  return tokens.map(({ text, kind }) => (kind === 'control' ? '' : text)).join('');
}
