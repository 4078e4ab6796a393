"""What many tests start from: an interpreter, an outcome, the rules, and a target."""

from __future__ import annotations

import sys
from pathlib import Path

from envs.model import failures, pairing
from envs.model.outcomes import Kind, Outcome
from envs.model.pairing import Target

PYTHON = Path(sys.executable)
WORKS = Outcome(Kind.WORKS)
RULES = failures.load_rules()
TF212 = Target(pairing.load_pairing(pairing.FOLDER / "tf212.toml"), "3.11")
