"""Prompts out of Jinja templates, as an application writes them itself."""

import jinja2
from outputs import attempt, emit

TEMPLATES = {
    "retrieval": "Answer from these:\n{% for d in docs %}[{{ loop.index }}] {{ d.title|title }}: "
    "{{ d.text|wordwrap(24)|indent(2) }}\n{% endfor %}Q: {{ question|trim }}",
    "fields": "{% for k, v in fields|dictsort %}{{ k }}={{ v|tojson }} {% endfor %}",
    "grouped": "{% for g in docs|groupby('year') %}{{ g.grouper }}:{{ g.list|length }}{% endfor %}",
    "numbers": "{{ 3.14159|round(2) }} {{ 1e3|int }} {{ 7 // 2 }} {{ 12345678|filesizeformat }}",
    "escaped": "{{ question|e }} {{ question|urlencode }} {{ question|urlize }}",
    "undefined": "{{ missing }}{{ missing|default('none') }}",
    "macros": "{% macro m(r, c) %}<{{ r }}>{{ c }}</{{ r }}>{% endmacro %}{{ m('user', 'a') }}",
    "unique": "{{ [3, 1, 3, 2, 1]|unique|join(',') }} {{ 'a b c'.split()|batch(2)|list }}",
}
DATA = {
    "question": " What's <new> & where? see https://example.org/a_(b) ",
    "docs": [
        {"title": "annual report", "text": "Sales rose in the north. Costs fell.", "year": 2023},
        {"title": "o'brien's notes", "text": "Nothing new, as expected.", "year": 2021},
        {"title": "plan", "text": "", "year": 2023},
    ],
    "fields": {"b": [1, 2.5, None], "a": {"x": "<é>", "w": True}},
}
for trim in (False, True):
    where = jinja2.Environment(trim_blocks=trim, lstrip_blocks=trim)
found = {
    name: attempt(lambda t=t: where.from_string(t).render(**DATA)) for name, t in TEMPLATES.items()
}
emit(found)
