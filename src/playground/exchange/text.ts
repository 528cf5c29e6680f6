import type { DocumentLine, DocumentToken, RunRecord } from '../record/document.ts';

/** The plain texts with their prompts. Several texts each have a heading with name, temperature and seed. */
export function toText({ lines }: RunRecord): string {
  if (lines.length === 1) return `${lineText(lines[0]!)}\n`;
  return lines
    .map((line) => {
      const { temperature, seed } = line.params;
      return `## ${line.name} (temperature ${temperature}, seed ${seed})\n\n${lineText(line)}\n`;
    })
    .join('\n');
}

/** Prompt and shown output. */
export function lineText({ tokens, promptLength, visible }: DocumentLine): string {
  return textOf(tokens.slice(0, promptLength)) + textOf(tokens.slice(promptLength)).slice(0, visible);
}

/** Without control tokens. */
export function textOf(tokens: readonly DocumentToken[]): string {
  return tokens.map(({ text, kind }) => (kind === 'control' ? '' : text)).join('');
}
