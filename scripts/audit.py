"""Looks for known vulnerabilities of the locked packages with pip-audit: `python scripts/audit.py [REQUIREMENTS]`.

pip-audit asks the package index. A package that the index says nothing about is passed over there without a word;
here it is listed as unknown. Without a file of requirements all packages of uv.lock are looked up.

Exit codes: 0 none is known to be vulnerable, 1 at least one is, 2 the index could not be asked.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_PROGRAMS = Path(sys.executable).parent
_LOCKED = ("--quiet", "--frozen", "--all-extras", "--all-groups", "--no-emit-project")
_AUDIT = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
VULNERABLE = 1
NOT_ASKED = 2


def report(dependencies: list[dict[str, Any]]) -> tuple[list[str], int]:
    """Return the lines to print and the number of vulnerable packages, from what pip-audit found."""
    lines: list[str] = []
    unknown = vulnerable = 0
    for package in sorted(dependencies, key=lambda each: str(each["name"])):
        if "skip_reason" in package:
            unknown += 1
            lines.append(f"unknown     {package['name']}: {package['skip_reason']}")
        elif package["vulns"]:
            vulnerable += 1
            for found in package["vulns"]:
                fixed = ", ".join(found["fix_versions"]) or "no version yet"
                names = ", ".join([found["id"], *found.get("aliases", [])])
                lines.append(f"vulnerable  {package['name']} {package['version']}: {names}; fixed in {fixed}")
    total = len(dependencies)
    lines.append(f"{total - unknown} of {total} packages known, {vulnerable} vulnerable")
    if unknown:
        lines.append(f"There are no data about {unknown}: whether they are vulnerable is unknown.")
    return lines, vulnerable


def audit(requirements: Path) -> subprocess.CompletedProcess[str]:
    """Run pip-audit on a file of requirements with hashes."""
    command = [str(_PROGRAMS / "pip-audit"), "--requirement", str(requirements), *_AUDIT]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def main(arguments: list[str]) -> int:
    """Look the packages up, print what was found, and return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(arguments[0]) if arguments else Path(folder) / "requirements.txt"
        if not arguments:
            export = [str(_PROGRAMS / "uv"), "export", *_LOCKED, "--output-file", str(requirements)]
            subprocess.run(export, cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own
        done = audit(requirements)
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        _say(
            f"The package index could not be asked, so nothing is known about any package: {last[0]}",
            "Check the connection, HTTPS_PROXY and SSL_CERT_FILE, and run it again.",
            to=sys.stderr,
        )
        return NOT_ASKED
    lines, vulnerable = report(dependencies)
    _say(*lines)
    return VULNERABLE if vulnerable else 0


def _say(*lines: str, to: Any = None) -> None:
    print("\n".join(lines), file=to)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
