"""Attacks on a page that shows the result, by kind: well-known payloads and their mutations."""

from tests.unit.content.attacks import letters, markdown, nodes, scan, scripts, styles, trees, urls

ATTACKS: dict[str, tuple[str, ...]] = {
    **scripts.ATTACKS,
    **urls.ATTACKS,
    **styles.ATTACKS,
    **trees.ATTACKS,
    **letters.ATTACKS,
    **markdown.ATTACKS,
    **nodes.ATTACKS,
    **scan.ATTACKS,
}
