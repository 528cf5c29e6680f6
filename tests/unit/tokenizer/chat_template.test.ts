import { describe, expect, it } from 'vitest';
import { Metadata, type MetadataValue } from '../../../src/engines/webgpu/gguf/metadata.ts';
import { chatTemplate } from '../../../src/engines/webgpu/tokenizer/chat_template.ts';
import { strftime } from '../../../src/engines/webgpu/tokenizer/strftime.ts';

function template(source: string) {
  const values = new Map<string, MetadataValue>([['tokenizer.chat_template', source]]);
  return chatTemplate(new Metadata(values, 'made.gguf'), '<s>', '</s>');
}

const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello {{ bos_token }}' },
] as const;

describe('chat templates', () => {
  it('render messages, special texts and the generation prompt', () => {
    const chat = template(
      `{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>
{{ message['content'] | trim }}{{ eos_token }}
{% endfor %}
{% if add_generation_prompt %}<|assistant|>{% endif %}`,
    );
    const rendered = '<s><|system|>\nBe brief.</s>\n<|user|>\nHello {{ bos_token }}</s>\n';
    expect(chat.exists).toBe(true);
    expect(chat.render(MESSAGES, true)).toBe(`${rendered}<|assistant|>`);
    expect(chat.render(MESSAGES, false)).toBe(rendered);
  });

  it('have range, namespaces, literals and the date', () => {
    const chat = template(
      `{% set n = namespace(sum=0) %}{% for i in range(2, 11, 4) %}{% set n.sum = n.sum + i %}{% endfor %}{{ n.sum }} {{ none is none and not False }} {{ strftime_now('%Y') }}`,
    );
    expect(chat.render([], true)).toBe(`18 true ${new Date().getFullYear()}`);
    expect(strftime(new Date(2026, 0, 5, 13, 7, 9), '%d %b %Y, %A %B %H:%M:%S %I%p %y %j %%')).toBe(
      '05 Jan 2026, Monday January 13:07:09 01PM 26 %j %',
    );
  });

  it('know what the families’ templates ask of them', () => {
    const chat = template(
      `{%- if tools is not none %}{{ 'tools' }}{%- endif %}
{%- if not date_string is defined %}{%- set date_string = 'today' %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}
  {%- set system_message = messages[0].content.strip() %}
  {%- set loop_messages = messages[1:] %}
{%- else %}{%- set loop_messages = messages %}{%- endif %}
{{- date_string + '|' + system_message }}
{%- for m in loop_messages %}
  {%- if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('order') }}{%- endif %}
  {{- '[' ~ m.role ~ (',last' if loop.last else '') ~ ']' ~ m.content | trim | upper }}
{%- endfor %}
{%- for m in messages[::-1] %}{{ loop.revindex }}{% endfor %}
{%- macro wrap(x, y='>') %}<{{ x }}{{ y }}{% endmacro %}{{ wrap(m is defined) }}`,
    );
    const messages = [
      { role: 'system', content: ' Be brief. ' },
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b\n' },
    ] as const;
    expect(chat.render(messages, true)).toBe('today|Be brief.[user]A[assistant,last]B321<false>');
    expect(() => chat.render([messages[0], messages[2]], true)).toThrow(refusal(/order/));
  });

  it('say in their own words what they refuse', () => {
    const chat = template(`{{ raise_exception('Roles must alternate user/assistant.') }}`);
    expect(() => chat.render(MESSAGES, true)).toThrow(refusal(/Roles must alternate/));
  });

  it.each([
    ['none at all', undefined, /no chat template/],
    ['not Jinja', '{% for %}', /refuses/],
    ['an unknown filter', '{{ messages | explode }}', /refuses/],
    ['a huge range', '{{ range(1000000000) | length }}', /range\(\) of 1000000000/],
    ['an endless range', '{{ range(0, 10, 0) | length }}', /range/],
    [
      'loops in loops',
      `${'{% for i in range(10000) %}'.repeat(4)}{% set x = i %}${'{% endfor %}'.repeat(4)}`,
      /more than 200000 steps/,
    ],
    [
      'a text that doubles',
      `{% set n = namespace(x='0123456789') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}`,
      /more than 4000000 characters/,
    ],
    [
      'a list that doubles',
      `{% set n = namespace(x=[1, 2]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}`,
      /more than 10000 entries/,
    ],
    ['a macro without end', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', /refuses/],
    ['a template without end', 'x'.repeat(200_001), /200001 characters/],
    ['deep nesting', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`, /refuses/],
    ['a way to the page', `{{ messages.constructor.constructor('return 1')() }}`, /refuses/],
  ])('fail with a typed error: %s', (_, source, message) => {
    const chat =
      source === undefined ? chatTemplate(new Metadata(new Map(), 'made.gguf'), '', '') : template(source);
    expect(chat.exists).toBe(source !== undefined);
    expect(() => chat.render(MESSAGES, true)).toThrow(refusal(message));
  });
});

function refusal(message: RegExp): Error {
  return expect.objectContaining({
    code: 'bad-template',
    message: expect.stringMatching(message) as string,
  }) as Error;
}
