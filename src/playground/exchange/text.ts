import type { DocumentLine, RunRecord } from '../record/document.ts';

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

function lineText({ tokens, promptLength, visible }: DocumentLine): string {
  const text = (from: number, to?: number): string =>
    tokens
      .slice(from, to)
      .filter(({ kind }) => kind !== 'control')
      .map((token) => token.text)
      .join('');
  return text(0, promptLength) + text(promptLength).slice(0, visible);
}
