import type { DocumentLine, RunRecord } from '../record/document.ts';

/** The texts as they read, prompt included; several of them each under its name and what sets it apart. */
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
