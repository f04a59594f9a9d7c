"""The glossary holds: its terms are few and short, and none of the words that it replaces comes back."""

import re
import subprocess

from tests.ops.packaging.project import PROJECT

GLOSSARY = PROJECT / "docs" / "glossary.md"
MOST_TERMS = 60

# Prose and code. Not: the glossary itself, content that is streamed, and files that others write.
READ = re.compile(
    r"\.(?:py|md|ya?ml|ts|mjs|js|css|html|sh|conf|toml|txt)$|(?:^|/)(?:Makefile|Dockerfile|\.env\.example)$"
)
NOT_READ = re.compile(
    r"docs/glossary\.md|LICENSE|requirements/|service/static/|clients/js/dist/|clients/page/samples/|tests/documents/|"
    r"tests/unit/content/attacks/|.*package-lock\.json"
)


def rows(heading: str) -> list[tuple[str, str]]:
    """The rows of the table under a heading of the glossary."""
    section = re.split(rf"^## {heading}$", GLOSSARY.read_text(), flags=re.MULTILINE)[1].split("\n## ")[0]
    _, _, *cells = re.findall(r"^\| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    return cells


def test_the_glossary_has_at_most_sixty_terms_of_one_sentence_in_order() -> None:
    terms = rows("Terms")
    assert len(terms) <= MOST_TERMS
    assert [term for term, _ in terms] == sorted(term for term, _ in terms)
    assert not [term for term, meaning in terms if not meaning.endswith(".") or ". " in meaning]


def test_no_word_to_avoid_appears() -> None:
    words = [word for avoid, _ in rows("Words to avoid") for word in avoid.split(", ")]
    pattern = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, words))})(?![A-Za-z])", re.IGNORECASE)
    assert all(pattern.search(f"the {word}_s") for word in words)
    found = [
        f"{path}:{number}: {match[0]}"
        for path in tracked()
        for number, line in enumerate((PROJECT / path).read_text(encoding="utf-8").splitlines(), 1)
        if (match := pattern.search(line)) is not None
    ]
    assert not found, "docs/glossary.md lists what to use instead:\n" + "\n".join(found)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, check=True, stdout=subprocess.PIPE, text=True)
    paths = [path for path in listed.stdout.split("\0") if READ.search(path) and not NOT_READ.match(path)]
    assert len(paths) > 100
    return [path for path in paths if (PROJECT / path).is_file()]
