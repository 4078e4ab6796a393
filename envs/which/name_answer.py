"""The answer for one name: in which pairings it is, as what, and where it went."""

from __future__ import annotations

import json
from dataclasses import dataclass

from envs import ROOT
from envs.names.record import Names, Presence, Sighting
from envs.which.answer import Lack
from envs.which.judging import Finding
from envs.which.successors import Table
from envs.which.suggestions import Adviser, Suggestion
from envs.which.uses import Place, Ref, Use, UseKind
from envs.which.which_request import WhichRequest

SCHEMA = ROOT / "envs" / "which" / "name.schema.json"
"""What the JSON holds."""


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """Where one name is; `went` is pairing -> what to write there instead, where it is missing."""

    name: str
    to: str
    sightings: dict[str, Sighting]
    went: dict[str, Suggestion | None]

    @property
    def there(self) -> bool:
        """Whether it is in the pairing that is asked of, or in any if none is."""
        asked = [self.to] if self.to else list(self.sightings)
        return any(self.sightings[name].presence == Presence.THERE for name in asked)

    def _in(self, presence: Presence) -> list[str]:
        return [name for name, one in self.sightings.items() if one.presence == presence]

    @property
    def headline(self) -> str:
        """The answer in one line."""
        there = self._in(Presence.THERE)
        if not there and self._in(Presence.UNKNOWN):
            return f"{self.name}: the record of names does not cover it."
        if self.to:
            missing = "is in" if self.there else "is not in"
            return f"{self.name} {missing} {self.to}."
        if not there:
            return f"{self.name} is in no pairing."
        kinds = " or ".join(dict.fromkeys(self.sightings[name].kind for name in there))
        many = f"{len(there)} of {len(self.sightings)} pairings"
        return f"{self.name}, a {kinds}, is in {many}: {', '.join(there)}."

    def as_text(self) -> str:
        """The whole answer as text."""
        lines = [self.headline]
        for canonical, names in self._group(
            {name: one.canonical for name, one in self.sightings.items() if one.canonical}
        ):
            lines.append(f"    it is {canonical} in {names}")
        for needs, names in self._group(
            {name: one.needs for name, one in self.sightings.items() if one.needs}
        ):
            lines.append(f"    only after `import {needs}` in {names}")
        for notice, names in self._group(
            {name: one.deprecated for name, one in self.sightings.items() if one.deprecated}
        ):
            lines.append(f"    deprecated in {names}: {notice}")
        for error, names in self._group(
            {name: one.error for name, one in self.sightings.items() if one.error}
        ):
            lines.append(f"    {error}: in {names}")
        reasons: dict[str, str] = {}
        for one in self.went.values():
            if one:
                reasons.setdefault(one.write, one.why)
        for write, names in self._group({n: one.write for n, one in self.went.items() if one}):
            why = reasons[write]
            lines += [f"instead, in {names}:", f"    `{write}` ({why})" if write else f"    {why}"]
        return "\n".join(lines)

    @staticmethod
    def _group(said: dict[str, str]) -> list[tuple[str, str]]:
        """What is said, each once, with the pairings of which it is said."""
        groups: dict[str, list[str]] = {}
        for name, words in said.items():
            groups.setdefault(words, []).append(name)
        return [(words, ", ".join(names)) for words, names in groups.items()]

    def as_json(self) -> str:
        """The whole answer as JSON."""
        pairings = []
        for name, one in self.sightings.items():
            advice = self.went.get(name)
            pairings.append(
                {
                    "pairing": name,
                    "presence": one.presence.value,
                    "kind": one.kind or None,
                    "canonical": one.canonical or None,
                    "needs": one.needs or None,
                    "error": one.error or None,
                    "deprecated": one.deprecated or None,
                    "instead": advice.write if advice else None,
                    "why": advice.why if advice else None,
                }
            )
        document = {"answer": self.headline, "name": self.name, "pairings": pairings}
        return json.dumps(document, indent=2)


def look_up_name(request: WhichRequest, names: Names, table: Table) -> NameAnswer:
    """Look one name up in every pairing, or in the one that is asked of."""
    path = request.name
    sightings = {}
    went = {}
    for pairing in names.pairings:
        if request.to and pairing != request.to:
            continue
        sighting = names.look_up(path, pairing)
        sightings[pairing] = sighting
        if sighting.presence == Presence.MISSING:
            module = path.rpartition(".")[0]
            kind = UseKind.FROM if module else UseKind.IMPORT
            use = Use(kind, (Ref(path),), Place("", 1, 1), module=module)
            finding = Finding(path, "name", sighting.missing_at or path, sighting.error)
            went[pairing] = Adviser(names, table, pairing).suggest(Lack(use, finding))
    return NameAnswer(path, request.to, sightings, went)
