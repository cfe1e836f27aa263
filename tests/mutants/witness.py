"""A pytest plugin that writes down which test failed, and in which phase (`setup`, `call`, `teardown`)."""

import os
from pathlib import Path

import pytest
from hypothesis import Phase, settings

BOOK = "SMP_MUTANTS_BOOK"  # the file to write to

settings.register_profile("witness", phases=[Phase.explicit, Phase.generate])  # whether it fails, not how simply
settings.load_profile("witness")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.failed:
        with Path(os.environ[BOOK]).open("a") as book:
            book.write(f"{report.when} {report.nodeid}\n")
