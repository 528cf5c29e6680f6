import type { ChartConfiguration } from 'chart.js';
import type { StageRow } from '../../worker/api/views';
import { count, percent } from '../format';
import { axisTicks, axisTitle, decadeAxis, shareAxis } from './axes';
import type { ChartTheme } from './chart_theme';
import type { LegendItem } from './legend';

/** The words that replace the chart when it has nothing to show. */
export function withoutStages(stages: readonly StageRow[] | null): string {
  return stages === null
    ? 'What each stage did is known only for logits that were computed in this page.'
    : 'No stage of the chain changed anything at this step: the token is drawn from the raw distribution.';
}

export function waterfallLegend(theme: ChartTheme): LegendItem[] {
  return [
    { label: 'mass left', colour: theme.raw, mark: 'bar' },
    { label: 'removed', colour: theme.gone, mark: 'bar' },
    { label: 'candidates', colour: theme.cut, mark: 'line' },
  ];
}

/**
 * Candidates and mass through the chain: per stage a bar of the raw mass that it leaves, grey on top of it the mass that it
 * removes, and a line of the candidates that remain, on a log axis.
 */
export function waterfallConfig(
  stages: readonly StageRow[],
  vocabularySize: number,
  theme: ChartTheme,
): ChartConfiguration<'bar' | 'line', ([number, number] | number)[], string> {
  const left = stages.map((stage) => stage.rawMassLeft);
  const candidates = decadeAxis(theme);
  const before = stages.map((_, index) => (index === 0 ? 1 : left[index - 1]!));
  return {
    type: 'bar',
    data: {
      labels: stages.map((stage) => stage.label),
      datasets: [
        {
          type: 'line',
          label: 'candidates',
          data: stages.map((stage) => Math.max(1, stage.after)),
          yAxisID: 'candidates',
          borderColor: theme.cut,
          backgroundColor: theme.cut,
          borderWidth: 1.5,
          pointRadius: 2.5,
          stepped: 'middle',
        },
        {
          type: 'bar',
          label: 'mass left',
          data: left.map((mass) => [0, mass] as [number, number]),
          backgroundColor: theme.raw,
          grouped: false,
          barPercentage: 0.9,
          categoryPercentage: 0.9,
        },
        {
          type: 'bar',
          label: 'mass removed',
          data: left.map((mass, index) => [mass, before[index]!] as [number, number]),
          backgroundColor: theme.gone,
          grouped: false,
          barPercentage: 0.9,
          categoryPercentage: 0.9,
        },
      ],
    },
    options: {
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: {
          grid: { display: false },
          border: { color: theme.grid },
          title: axisTitle(theme, 'stage'),
          ticks: { ...axisTicks(theme), maxRotation: 60 },
        },
        y: {
          ...shareAxis(theme),
          max: 1,
          title: axisTitle(theme, 'raw mass'),
        },
        candidates: {
          ...candidates,
          position: 'right',
          min: 1,
          max: vocabularySize,
          title: axisTitle(theme, 'candidates', theme.cut),
          grid: { display: false },
          ticks: { ...candidates.ticks, color: theme.cut },
        },
      },
      plugins: {
        tooltip: {
          callbacks: {
            label: (item) => {
              const stage = stages[item.dataIndex];
              if (!stage) return '';
              if (item.datasetIndex === 0) return `${count(stage.before)} → ${count(stage.after)} candidates`;
              if (item.datasetIndex === 1) return `${percent(stage.rawMassLeft)} of the raw mass left`;
              return stage.note === '' ? `removed ${percent(stage.massRemoved)}` : stage.note;
            },
          },
        },
      },
    },
  };
}
