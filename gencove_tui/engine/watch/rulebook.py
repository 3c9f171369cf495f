"""Changing the rules of a profile: in ``config.toml`` and, for screens to see at once, in the ledger."""

from __future__ import annotations

from msgspec import structs

from gencove_tui.config import Settings, check_rule_name, check_terms, load_config, put_rule, remove_rule
from gencove_tui.config.watch_rules import rule_table
from gencove_tui.errors import InputProblem
from gencove_tui.model import RuleTerms, WatchRule
from gencove_tui.store.ledger import Ledger
from gencove_tui.store.rules import terms_of


def sync_rules(settings: Settings, ledger: Ledger) -> bool:
    """Bring the ledger's list in line with ``config.toml``; returns whether anything changed.

    Raises ``InputProblem`` when the file can't be used; the list stays as it is then.
    """
    wanted = rules_of(settings)
    before = {rule.name: rule for rule in ledger.rules.all()}
    with ledger.write():
        changed = ledger.rules.sync(wanted)
        if changed:
            _note_changes(ledger, before, {rule.name: rule for rule in ledger.rules.all()})
    return changed


def _note_changes(ledger: Ledger, before: dict[str, WatchRule], after: dict[str, WatchRule]) -> None:
    """Rules decide what is uploaded and analysed, so who changed them stands in the audit log."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        rule = new or old
        assert rule is not None  # noqa: S101 - it is in one of the two; tells the type checker
        then = {} if old is None else rule_table(terms_of(old), defaults=True)
        now = {} if new is None else rule_table(terms_of(new), defaults=True)
        keys = [key for key in (now or then) if then.get(key) != now.get(key)]
        if not keys:
            continue
        word = "made" if old is None else "removed" if new is None else f"changed: {', '.join(keys)}"
        ledger.audit.add(
            "rule",
            rule_id=rule.id,
            local_path=rule.folder,
            remote=str(rule.destination),
            project_id=rule.project,
            detail=f"{name} {word}",
        )
        if new is None:
            words = f"the rule {name} was taken out of config.toml, so its folder is not watched any more"
            ledger.events.add("watch.removed", words, {}, rule_id=rule.id)


def rules_of(settings: Settings) -> dict[str, RuleTerms]:
    """The profile's rules as ``config.toml`` has them now. Raises ``InputProblem`` as ``sync_rules`` does."""
    profile = load_config(settings.where.config_file).profiles.get(settings.profile)
    return profile.watch if profile is not None else {}


def add_rule(settings: Settings, ledger: Ledger, name: str, terms: RuleTerms) -> WatchRule:
    """Write a rule, new or in place of the one of that name. Raises ``InputProblem`` naming the key."""
    check_rule_name(name)
    put_rule(settings.where.config_file, settings.profile, name, check_terms(terms))
    sync_rules(settings, ledger)
    rule = ledger.rules.named(name)
    assert rule is not None  # noqa: S101 - it was put a line above; tells the type checker
    return rule


def drop_rule(settings: Settings, ledger: Ledger, name: str) -> None:
    """Take a rule out of the list; its memory of files stays. Raises ``InputProblem`` for an unknown name."""
    rule = ledger.rules.named(name)
    if rule is not None and not rule.from_file:
        ledger.rules.retire(rule.id)
        return
    remove_rule(settings.where.config_file, settings.profile, name)
    sync_rules(settings, ledger)


def change_rule(settings: Settings, ledger: Ledger, rule: WatchRule, terms: RuleTerms) -> WatchRule:
    """Give a rule other terms, wherever it is kept. Raises ``InputProblem`` naming the key."""
    if rule.from_file:
        return add_rule(settings, ledger, rule.name, terms)
    with ledger.write():
        ledger.rules.put_terms(check_terms(terms), rule.name)
        _note_changes(ledger, {rule.name: rule}, {rule.name: ledger.rules.named(rule.name) or rule})
    return ledger.rules.named(rule.name) or rule


def adopt_hyphens(settings: Settings, ledger: Ledger, rule: WatchRule) -> WatchRule:
    """Let the rule write ``-`` for ``_`` in sample ids, which ends the hold of the collision guard."""
    return change_rule(settings, ledger, rule, structs.replace(terms_of(rule), hyphens=True))


def rule_named(ledger: Ledger, name: str) -> WatchRule:
    """A rule of the list. Raises ``InputProblem`` when there is none of that name."""
    rule = ledger.rules.named(name)
    if rule is None:
        known = ", ".join(rule.name for rule in ledger.rules.all())
        raise InputProblem(f"There is no watch rule {name!r}", f"known are {known}" if known else "")
    return rule
