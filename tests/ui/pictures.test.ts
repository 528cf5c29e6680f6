import { BasicPlatform, type ChartConfiguration } from 'chart.js';
import { expect, test } from 'vitest';
import { Chart } from '../../src/ui/charts/registry.ts';
import { wrapped } from '../../src/ui/charts/picture_sheet.ts';
import { SvgContext } from '../../src/ui/charts/svg_context.ts';

const measure = (text: string, font: string): number => text.length * 0.5 * Number(/(\d+)px/.exec(font)![1]);

function context(): SvgContext {
  return new SvgContext({ width: 200, height: 100 }, measure);
}

test('texts keep their place, whatever their baseline, and what XML would read is escaped', () => {
  const drawn = context();
  drawn.font = '600 12px "A B", mono';
  drawn.textAlign = 'center';
  drawn.textBaseline = 'middle';
  drawn.fillText('a <b> & "c"\u0001', 50, 20);
  expect(drawn.svg).toContain('x="50" y="24.2"');
  expect(drawn.svg).toContain('font-family="&quot;A B&quot;, mono" font-size="12" font-weight="600"');
  expect(drawn.svg).toContain('text-anchor="middle"');
  expect(drawn.svg).toContain('>a &lt;b&gt; &amp; &quot;c&quot;\ufffd</text>');
});

test('transforms, dashes and clips hold until they are restored', () => {
  const drawn = context();
  drawn.save();
  drawn.translate(10, 20);
  drawn.rotate(-Math.PI / 2);
  drawn.beginPath();
  drawn.rect(0, 0, 5, 6);
  drawn.clip();
  drawn.setLineDash([4, 2]);
  drawn.strokeStyle = 'red';
  drawn.beginPath();
  drawn.moveTo(0, 0);
  drawn.lineTo(30, 40);
  drawn.stroke();
  drawn.restore();
  drawn.beginPath();
  drawn.arc(5, 5, 2, 0, 2 * Math.PI);
  drawn.fill();
  const [turned, plain] = drawn.svg.split('\n').slice(2);
  expect(turned).toContain('transform="matrix(0 -1 1 0 10 20)"');
  expect(turned).toMatch(/^<g clip-path="url\(#c0\)">.*M0 0L30 40.*stroke="red".*stroke-dasharray="4 2"/);
  expect(plain).toBe('<path d="M7 5A2 2 0 0 1 3 5A2 2 0 0 1 7 5" fill="#000000"/>');
});

test('a chart of Chart.js has its bars, its curve and its labels', () => {
  const canvas = { width: 200, height: 100, getContext: (): unknown => drawn };
  const drawn = new SvgContext(canvas, measure);
  const config: ChartConfiguration<'bar' | 'line', number[], string> = {
    type: 'bar',
    data: {
      labels: ['one', 'two', 'three'],
      datasets: [
        { type: 'bar', data: [1, 2, 3], backgroundColor: '#123456' },
        { type: 'line', data: [3, 2, 1], borderColor: '#abcdef', segment: {} },
      ],
    },
    options: { responsive: false },
    platform: BasicPlatform,
  };
  const chart = new Chart(canvas as unknown as HTMLCanvasElement, config as ChartConfiguration);
  expect(drawn.svg.match(/fill="#123456"/g)).toHaveLength(3);
  expect(drawn.svg).toMatch(/d="M[^"]+L[^"]+L[^"]+" fill="none" stroke="#abcdef"/);
  for (const label of ['one', 'two', 'three']) expect(drawn.svg).toContain(`>${label}</text>`);
  expect(drawn.svg).not.toMatch(/NaN|undefined| style=/);
  chart.destroy();
});

test('notes are broken at spaces, and a word that is too long inside', () => {
  const width = (text: string): number => text.length;
  expect(wrapped('one two three', 7, width)).toEqual(['one two', 'three']);
  expect(wrapped('abcdefghij k', 4, width)).toEqual(['abcd', 'efgh', 'ij k']);
  expect(wrapped('', 4, width)).toEqual([]);
});
