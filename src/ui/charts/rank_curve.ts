import type { ChartConfiguration, Point } from 'chart.js';
import type { Cut, RankCurve, StepView } from '../../worker/api/views';
import { count, percent } from '../format';
import { axisTitle, decadeAxis } from './axes';
import type { ChartTheme } from './chart_theme';
import { cutLines } from './cut_lines';
import type { LegendItem } from './legend';

/** The lowest drawn probability. Below it f32 logits mean nothing. */
const floor = 1e-10;

/** What the curve covers. A server or a record has only the most likely tokens. */
export function curveTitle({ curve, rest }: Pick<StepView, 'curve' | 'rest'>): string {
  const known = curve.ranks.at(-1) ?? 0;
  return Number.isNaN(rest.count) || known < curve.vocabularySize
    ? `The ${count(curve.ranks.length)} likeliest`
    : 'Whole vocabulary';
}

export function rankCurveLegend(theme: ChartTheme): LegendItem[] {
  return [
    { label: 'raw', colour: theme.raw, mark: 'line' },
    { label: 'final', colour: theme.final, mark: 'line' },
  ];
}

/** The whole vocabulary: probability against rank on two log axes, with each cut-off. */
export function rankCurveConfig(
  curve: RankCurve,
  cuts: readonly Cut[],
  theme: ChartTheme,
): ChartConfiguration<'line', Point[]> {
  const points = (values: Float64Array): Point[] => {
    const out: Point[] = [];
    for (let i = 0; i < values.length; i++) {
      if (values[i]! >= floor) out.push({ x: curve.ranks[i]!, y: values[i]! });
    }
    return out;
  };
  return {
    type: 'line',
    data: {
      datasets: [
        {
          label: 'raw',
          data: points(curve.raw),
          borderColor: theme.raw,
          borderWidth: 1.5,
          pointRadius: 0,
        },
        {
          label: 'final',
          data: points(curve.final),
          borderColor: theme.final,
          backgroundColor: theme.final,
          borderWidth: 1.5,
          pointRadius: 1.5,
          showLine: true,
        },
      ],
    },
    options: {
      parsing: false,
      interaction: { mode: 'nearest', axis: 'x', intersect: false },
      scales: {
        x: {
          ...decadeAxis(theme),
          min: 1,
          max: curve.ranks[curve.ranks.length - 1] ?? 1,
          title: axisTitle(theme, 'rank'),
          grid: { display: false },
          border: { color: theme.grid },
        },
        y: {
          ...decadeAxis(theme),
          min: floor,
          max: 1,
          title: axisTitle(theme, 'probability'),
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            title: (items) => `rank ${count(items[0]?.parsed.x ?? 0)}`,
            label: (item) => `${item.dataset.label} ${percent(item.parsed.y ?? 0)}`,
          },
        },
      },
    },
    plugins: [cutLines(cuts, theme)],
  };
}
