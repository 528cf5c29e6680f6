/** Chat templates, which are Jinja programs from untrusted files. */
import { Template } from '@huggingface/jinja';
import type { ChatMessage } from '../../../src/engines/contract.ts';
import { Metadata } from '../../../src/engines/gguf/metadata.ts';
import { chatTemplate } from '../../../src/engines/tokenizer/chat_template.ts';
import { mutatedText } from '../mutate.ts';
import { hold, type Subject } from '../subject.ts';

/** Templates like those of ChatML, Llama 3 and Zephyr, with what attacks need. */
export const CHAT_TEMPLATES: readonly string[] = [
  `{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
  `{{- bos_token }}{%- if not date_string is defined %}{%- set date_string = strftime_now('%d %b %Y') %}{%- endif %}
{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}{%- else %}{%- set system_message = '' %}{%- endif %}
{{- '<|start_header_id|>system<|end_header_id|>\n\n' ~ date_string ~ '\n' ~ system_message ~ '<|eot_id|>' }}
{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}`,
  `{% set ns = namespace(last='', seen=[]) %}{% for m in messages %}{% if m.role not in ['user', 'system', 'assistant'] %}{{ raise_exception('Unknown role ' ~ m.role) }}{% endif %}
{% set ns.last = m.content.strip().split(' ')[-1] %}{{ '<|' ~ m.role ~ '|>\n' ~ m.content | replace('\n', ' ') | upper ~ eos_token }}{% endfor %}
{% macro mark(x, y='>') %}<{{ x }}{{ y }}{% endmacro %}{{ mark(messages | length) }}{% for i in range(3) %}{{ loop.index * 2 }}{% endfor %}`,
];

export const TEMPLATE_PIECES: readonly string[] = [
  '{{ ',
  ' }}',
  '{% ',
  ' %}',
  '{% for i in range(10000) %}',
  '{% for i in range(300) %}{% for j in range(300) %}',
  '{% endfor %}',
  '{% endfor %}{% endfor %}',
  '{% set ns.last = ns.last ~ ns.last %}',
  '{% set x = namespace(a="0123456789" * 1000) %}',
  '{% if true %}',
  '{% endif %}',
  `{{ strftime_now('${'%B'.repeat(40)}') }}`,
  ' | upper',
  ' | tojson',
  ' | tojson(indent=4)',
  " | replace('a', 'aaaa')",
  " | replace('', 'xyz')",
  ' | join(", ")',
  ' | list | length',
  " | map(attribute='content')",
  " | selectattr('role', 'equalto', 'user')",
  " ~ messages ~ ''",
  '[::-1]',
  '[1:]',
  '.split("")',
  '.items()',
  ' == ns.last',
  ' in messages',
  ' * 1000000',
  '{% macro r(x) %}{{ r(x) }}{% endmacro %}{{ r(1) }}',
  '{% call(x) mark(1) %}{% endcall %}',
  '{% generation %}',
  '{#',
  '#}',
  'messages.constructor',
  '__proto__',
  '((((',
  '[[[[',
];

const ROLES = ['system', 'user', 'assistant'] as const;

export function templates(): Promise<Subject<{ source: string; messages: ChatMessage[] }>> {
  return Promise.resolve({
    name: 'templates',
    cases: 100_000,
    few: 800,
    generate: (chance) => ({
      source: mutatedText(chance.pick(CHAT_TEMPLATES), TEMPLATE_PIECES, chance),
      messages: chance.several(0, 4, () => ({
        role: chance.pick(ROLES),
        content: chance
          .several(0, 5, () => chance.pick(['<|im_end|>', ' ', chance.letter(), 'words ', '{{ 1 }}']))
          .join(''),
      })),
    }),
    judge: ({ source, messages }) => {
      const metadata = new Metadata(new Map([['tokenizer.chat_template', source]]), 'made.gguf');
      const text = chatTemplate(metadata, '<s>', '</s>').render(messages, true);
      if (!/range|strftime/.test(source)) {
        const given = {
          messages,
          bos_token: '<s>',
          eos_token: '</s>',
          add_generation_prompt: true,
          tools: null,
          documents: null,
        };
        hold(text === new Template(source).render(given), 'the library renders another text');
      }
      return 'accepted';
    },
  });
}
