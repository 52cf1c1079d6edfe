"""Which parts do pages put together? Built in: nothing to load.

- An empty place, with what to do about it in the block (the no-permission state has the icon `lock`):

      {% nothing "target-arrow" _("No strategy yet") _("Write the first.") %}<a class="btn" …>{% endnothing %}
- `{% field form.name %}`: label, widget, help and errors of a form's field, joined for screen readers;
  `{% fields form %}`: all of a form, with the errors that belong to no field.
- A question before anything destructive or wide. The block shows what will be touched; `undo` says how to take it back:

      <button class="btn" type="button" data-confirm="retire">Retire…</button>
      {% confirm id="retire" title=_("Retire it?") action=address verb=_("Retire") undo=_("Write a new version.") %}
        <p>…</p>{% field form.why %}
      {% endconfirm %}
- `{% chart one %}`, and `{% charts_script %}` in the page's block `scripts`: see `charts.py`.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput, Form, RadioSelect, Select
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from aedile.console.base.assets import address
from aedile.console.base.charts import Chart

register = template.Library()


@register.simple_block_tag
def nothing(content: str, icon: str, title: str, text: str = "") -> str:
    return render_to_string("base/_empty.html", {"icon": icon, "title": title, "text": text, "content": content})


@register.simple_block_tag(takes_context=True)
def confirm(
    context: dict[str, Any],
    content: str,
    *,
    id: str,
    title: str,
    action: str,
    verb: str,
    undo: str,
    look: str = "danger",
) -> str:
    told = {"id": id, "title": title, "action": action, "verb": verb, "undo": undo, "look": look, "content": content}
    return render_to_string("base/_confirm.html", told, request=context["request"])


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    widget = bound.field.widget
    tick = isinstance(widget, CheckboxInput)
    classes = _classes(bound) + (" is-invalid" if bound.errors else "")
    attrs = {"class": f"{widget.attrs.get('class', '')} {classes}".strip()}
    told = {"field": bound, "widget": bound.as_widget(attrs=attrs), "tick": tick, "group": bound.use_fieldset}
    return render_to_string("base/_field.html", told)


@register.simple_tag
def fields(form: Form) -> SafeString:
    return render_to_string("base/_fields.html", {"form": form})


@register.simple_tag
def chart(one: Chart) -> SafeString:
    return render_to_string("base/_chart.html", {"chart": one})


@register.simple_tag
def charts_script() -> SafeString:
    return format_html('<script src="{}" defer></script>', address("charts.js"))


def _classes(bound: BoundField) -> str:
    widget = bound.field.widget
    if isinstance(widget, CheckboxInput):
        return "form-check-input"
    if isinstance(widget, RadioSelect) or bound.use_fieldset:
        return ""
    return "form-select" if isinstance(widget, Select) else "form-control"
