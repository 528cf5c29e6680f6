import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { Metadata, type MetadataValue } from '../../../src/engines/gguf/metadata.ts';
import { chatTemplate } from '../../../src/engines/tokenizer/chat_template.ts';
import { strftime } from '../../../src/engines/tokenizer/strftime.ts';

function template(source: string) {
  const values = new Map<string, MetadataValue>([['tokenizer.chat_template', source]]);
  return chatTemplate(new Metadata(values, 'made.gguf'), '<s>', '</s>');
}

/** Builds a text of 300 000 letters. */
const LONG = `{% set n = namespace(x='${'a'.repeat(3000)}') %}{% set n.x = [${'n.x,'.repeat(100)}] | join %}`;
const TOO_MUCH = /too long for what it does with them|more than 700 ms/;

function in10000(statement: string): string {
  return `{% for i in range(10000) %}${statement}{% endfor %}`;
}

/** A list of 60 levels, each of which contains the next one twice. */
function doubled(use: string): string {
  return `{% set n = namespace(x=['a']) %}{% for i in range(60) %}{% set n.x = [n.x, n.x] %}{% endfor %}${use}`;
}

const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hello {{ bos_token }}' },
] as const;
const GIVEN = { messages: MESSAGES, bos_token: '<s>', eos_token: '</s>', add_generation_prompt: true };

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

  it('have everything that the families’ templates use', () => {
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

  it('do the same as the library, step by step', () => {
    // Each kind of node whose operands the bounds check.
    const source = `{% set n = namespace(a=[3, 1, 2], s='a-b-c') %}{{ n.a | sort(reverse=true) | join(',') }} {{ n.s.split('-', 1) | last }} {{ n.s | replace('-', '+', 1) }} {{ 'b' in n.s }} {{ 2 in n.a }} {{ n.a[1:] | length }} {{ n.s[::-1] }}
{%- macro m(x, y=2, z=3) %}<{{ x }}{{ y }}{{ z }}>{% endmacro %}{{ m(1, z=9) }}{{ m(*n.a) }}{{ m(**{'x': 7}) }}{% call m(5) %}{% endcall %}
{%- filter upper %} up {{ n.s }}{% endfilter %}{% for k, v in {'p': 1}.items() %}{{ k ~ v }}{% endfor %}{% for x in n.a if x > 1 %}{{ x }}{% else %}none{% endfor %}
{{- messages | map(attribute='role') | join('/') }}{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ missing | default('d') }} {{ 'q' if n.a and not missing else 'r' }} {{ messages[0] | tojson(indent=1) }}`;
    expect(template(source).render(MESSAGES, true)).toBe(new Template(source).render(GIVEN));
  });

  it('refuse messages in the template’s own words', () => {
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
      // On a busy machine the time limit comes first.
      /more than (200000 steps|700 ms)/,
    ],
    [
      'a text that doubles',
      `{% set n = namespace(x='0123456789') %}{% for i in range(60) %}{% set n.x = n.x ~ n.x %}{% endfor %}`,
      /more than 1000000 characters/,
    ],
    [
      'a list that doubles',
      `{% set n = namespace(x=[1, 2]) %}{% for i in range(60) %}{% set n.x = n.x + n.x %}{% endfor %}`,
      /more than 10000 entries/,
    ],
    ['a date without end', `{{ strftime_now('${'%B'.repeat(99_000)}') }}`, /format of more than 200/],
    [
      'dates in loops',
      in10000("{% set x = strftime_now('%B %A') %}".repeat(9)),
      /more than (200000 steps|700 ms)/,
    ],
    ['texts that grow by replace', `${LONG}${in10000("{% set x = n.x.replace('a', n.x) %}")}`, TOO_MUCH],
    ['texts that grow by replacing nothing', `${LONG}{{ n.x | replace('', n.x) | length }}`, TOO_MUCH],
    ['texts in upper case', `${LONG}${in10000('{% set x = n.x | upper %}')}`, TOO_MUCH],
    ['texts backwards', `${LONG}${in10000('{% set x = n.x[::-1] %}')}`, TOO_MUCH],
    ['texts that are compared', `${LONG}${in10000("{% set x = n.x == 'b' ~ n.x %}")}`, TOO_MUCH],
    ['texts looked for in texts', `${LONG}{{ n.x ~ 'b' in n.x ~ n.x }}`, TOO_MUCH],
    ['JSON again and again', `${LONG}${in10000('{% set x = [n.x, messages] | tojson %}')}`, TOO_MUCH],
    ['JSON with a wide margin', '{{ messages | tojson(indent=100000000) }}', /indent of 100000000/],
    ['lines with a wide margin', "{{ 'a\\nb' | indent(width=400000000) | length }}", TOO_MUCH],
    ['a list of lists that doubles', doubled('{{ n.x | tojson | length }}'), /more than 1000000 characters/],
    ['a list of lists that is written', doubled('{{ n.x }}'), /more than 1000000 characters/],
    ['lists in lists', `{% set n = namespace(x=[]) %}${in10000('{% set n.x = [n.x] %}')}`, /nest too deep/],
    ['a namespace in itself', '{% set n = namespace() %}{% set n.x = n %}{{ n }}', /nest too deep/],
    ['a filter over a block', `${LONG}{% filter replace('a', n.x) %}{{ n.x }}{% endfilter %}`, TOO_MUCH],
    [
      'loops that do nothing',
      `${'{% for i in range(10000) %}'.repeat(3)}${'{% endfor %}'.repeat(3)}`,
      TOO_MUCH,
    ],
    ['a text that is joined', `${LONG}{{ range(10000) | join(n.x) | length }}`, TOO_MUCH],
    ['a list that is sorted', `${LONG}${in10000('{% set x = [n.x, n.x, n.x] | sort %}')}`, TOO_MUCH],
    ['a macro without end', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}', /refuses/],
    ['a template without end', 'x'.repeat(200_001), /200001 characters/],
    ['deep nesting', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`, /nests too deep/],
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
