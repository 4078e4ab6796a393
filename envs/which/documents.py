"""The answer as JSON, and as SARIF 2.1.0, which editors and GitHub show beside the code."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from envs import ROOT
from envs.which.answer import Lack, PairingVerdict
from envs.which.reports import Report
from envs.which.suggestions import Suggestion
from envs.which.uses import Use

SCHEMA = ROOT / "envs" / "which" / "answer.schema.json"
"""What the JSON holds."""

_SARIF = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

_RULES = {
    "module": "A module is imported that is not there.",
    "name": "A name is imported that its module does not have.",
    "attribute": "An attribute is used that is not there.",
    "call": "A call gives other arguments than are taken.",
}


def render_json(report: Report) -> str:
    """The answer as JSON; `answer.schema.json` describes it."""
    answer = report.answer
    code = answer.code
    document = {
        "answer": report.headline,
        "path": report.request.shown,
        "to": report.request.to or None,
        "fits": report.fits,
        "files": code.files,
        "names": list(answer.names),
        "pairings": [_verdict(report, one) for one in answer.verdicts],
        "places": [_place(lack) | {"suggestion": _advice(one)} for lack, one in report.advice],
        "optional": [
            _where(use) | {"name": use.path, "why": code.choices[use.guards[0][0]].why}
            for use in answer.optional
        ],
        "requirements": [
            {"file": wish.file, "words": wish.words, "package": wish.asks} for wish in answer.wishes
        ],
        "python": ".".join(map(str, code.python)) if code.python > (3, 0) else None,
        "python2": [str(place) for place in code.python2],
        "uncovered": list(answer.uncovered),
        "unrecorded": list(answer.unrecorded),
        "unread": [{"place": one.place, "why": one.why} for one in code.unread],
    }
    return json.dumps(document, indent=2)


def _verdict(report: Report, verdict: PairingVerdict) -> dict[str, Any]:
    return {
        "pairing": verdict.pairing.name,
        "tensorflow": verdict.pairing.tensorflow,
        "python": verdict.python or None,
        "fits": verdict.fits,
        "lacks": verdict.names,
        "contradicts": [f"{wish.file}: {wish.words}" for wish in verdict.contradicted],
        "surprises": verdict.surprises,
        "deprecated": verdict.deprecated,
        "copy": report.copy_command(verdict),
    }


def _where(use: Use) -> dict[str, Any]:
    place = use.place
    return {
        "file": place.file,
        "cell": place.cell or None,
        "line": place.line,
        "column": place.column,
    }


def _place(lack: Lack) -> dict[str, Any]:
    finding = lack.finding
    return _where(lack.use) | {
        "name": finding.path,
        "keyword": finding.keyword or None,
        "kind": finding.error,
        "missing": finding.missing,
        "why": finding.why,
    }


def _advice(suggestion: Suggestion | None) -> dict[str, Any] | None:
    if suggestion is None:
        return None
    return {
        "write": suggestion.write,
        "after": suggestion.after or None,
        "shown_by": suggestion.line,
        "why": suggestion.why,
        "derived": suggestion.derived,
    }


def render_sarif(report: Report) -> str:
    """The places that fail in the pairing that is asked of, or else in the best one, as SARIF."""
    unread = [
        {"level": "warning", "message": {"text": f"{one.place}: {one.why}"}}
        for one in report.answer.code.unread
    ]
    run = {
        "tool": {
            "driver": {
                "name": "keras-pairings-which",
                "rules": [
                    {"id": rule, "shortDescription": {"text": text}}
                    for rule, text in _RULES.items()
                ],
            }
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": unread}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, lack, one) for lack, one in report.advice],
        "properties": {"answer": report.headline},
    }
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(report: Report, lack: Lack, suggestion: Suggestion | None) -> dict[str, Any]:
    place, finding = lack.use.place, lack.finding
    pairing = report.request.to or report.answer.verdicts[0].pairing.name
    text = f"{lack.name}: {finding.why or 'is not there'} in {pairing}."
    if suggestion and suggestion.write:
        after = f" after `{suggestion.after}`" if suggestion.after else ""
        text += f" Write `{suggestion.write}`{after} ({suggestion.why})."
    # A place in a notebook is one of its code, not of the JSON around it.
    region = (
        {"startLine": 1}
        if place.cell
        else {
            "startLine": place.line,
            "startColumn": place.column,
        }
    )
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file, errors="surrogateescape")},
            "region": region,
        }
    }
    if place.cell:
        where = f"cell {place.cell}, line {place.line}, column {place.column}"
        location["logicalLocations"] = [{"fullyQualifiedName": where, "kind": "member"}]
        text = f"{where}: {text}"
    return {
        "ruleId": finding.error,
        "level": "error",
        "message": {"text": text},
        "locations": [location],
    }
