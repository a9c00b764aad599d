"""Every word that the package marks for translation has one in German and French, and the compiled files hold it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polib
import pytest

import ecom_llm

PACKAGE = Path(ecom_llm.__file__).parent
LANGUAGES = ("de", "fr")
WHAT_TO_DO = "docs/languages.md says how to translate it"
# Functions whose first argument is a context.
WITH_CONTEXT = {"pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy"}
MARKERS = WITH_CONTEXT | {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
TRANSLATE = re.compile(r"{% *trans(?:late)? +(?P<quote>[\"'])(?P<words>.*?)(?P=quote)")
BLOCK = re.compile(r"{% *blocktrans(?:late)?\b.*?%}(?P<words>.*?){% *endblocktrans", re.DOTALL)
VARIABLE = re.compile(r"{{ *(\w+) *}}")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%(?!\()\S")

Key = tuple[str, str]


def marked_in_python(source: str) -> Iterator[Key]:
    """The context and words of each call that marks a string."""
    tree = ast.parse(source)
    names = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in MARKERS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            if words:
                yield (words[0], words[1]) if names[node.func.id] in WITH_CONTEXT else ("", words[0])


def marked_in_template(source: str) -> Iterator[Key]:
    for found in TRANSLATE.finditer(source):
        yield "", found["words"].replace("%", "%%")
    for found in BLOCK.finditer(source):
        yield "", VARIABLE.sub(r"%(\1)s", found["words"])


@cache
def marked() -> frozenset[Key]:
    """All that the package marks."""
    found: set[Key] = set()
    for path in PACKAGE.rglob("*.py"):
        found |= set(marked_in_python(path.read_text()))
    for path in PACKAGE.rglob("*.html"):
        found |= set(marked_in_template(path.read_text()))
    return frozenset(found)


def po_file(language: str) -> polib.POFile:
    return polib.pofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po"))


def translations(file: polib.POFile | polib.MOFile) -> dict[Key, list[str]]:
    """Each key's translation, or all of its plural forms."""
    return {
        (entry.msgctxt or "", entry.msgid): [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
        or [entry.msgstr]
        for entry in file
        if not entry.obsolete
    }


def test_what_is_marked_is_found() -> None:
    source = 'from django.utils.translation import gettext as _, pgettext\n_("a b")\npgettext("c", "d")\n'
    assert list(marked_in_python(source)) == [("", "a b"), ("c", "d")]
    page = '{% translate "it\'s" %}{% blocktranslate with a=b.c %}by {{ a }}{% endblocktranslate %}'
    assert list(marked_in_template(page)) == [("", "it's"), ("", "by %(a)s")]
    assert ("", "Why this?") in marked()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_marked_string_is_translated_and_no_other(language: str) -> None:
    translated = translations(po_file(language))
    assert marked() - translated.keys() == set(), WHAT_TO_DO
    assert translated.keys() - marked() == set(), WHAT_TO_DO
    assert [key for key, words in translated.items() if not all(words)] == [], WHAT_TO_DO


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_fuzzy_or_obsolete(language: str) -> None:
    assert [entry.msgid for entry in po_file(language) if entry.fuzzy or entry.obsolete] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_file_holds_what_the_source_says(language: str) -> None:
    file = po_file(language)
    compiled = polib.mofile(str(PACKAGE / "locale" / language / "LC_MESSAGES" / "django.mo"))
    assert translations(compiled) == translations(file), WHAT_TO_DO
    assert compiled.metadata["Plural-Forms"] == file.metadata["Plural-Forms"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_every_placeholder(language: str) -> None:
    for (_, words), translated in translations(po_file(language)).items():
        for form in translated:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(words)), words


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_plural_forms_are_there(language: str) -> None:
    for entry in po_file(language):
        assert not entry.msgid_plural or sorted(entry.msgstr_plural) == [0, 1]


QUOTED = {"de": "\u201e[^\u201e\u201c]*\u201c", "fr": "\u00ab\u00a0[^\u00ab\u00bb]*\u00a0\u00bb"}
STRAY_QUOTE = re.compile('[\u201c\u201d\u201e\u00ab\u00bb"]')


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotes_are_the_languages_own(language: str) -> None:
    for forms in translations(po_file(language)).values():
        assert [form for form in forms if STRAY_QUOTE.search(re.sub(QUOTED[language], "", form))] == []


def test_french_signs_stand_off_by_a_space_that_does_not_break() -> None:
    for forms in translations(po_file("fr")).values():
        assert [form for form in forms if re.search("[^\u00a0][:;?!]", form)] == []
