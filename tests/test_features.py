"""The features, told to the ledger and to its papers over a real database."""

from __future__ import annotations

from pytest_bdd import scenarios

pytest_plugins = (
    "tests.steps.office",
    "tests.steps.applying",
    "tests.steps.deciding",
    "tests.steps.lending",
    "tests.steps.funding",
    "tests.steps.partners",
    "tests.steps.repaying",
    "tests.steps.correcting",
    "tests.steps.claiming",
    "tests.steps.subsidising",
    "tests.steps.reconciling",
    "tests.steps.travelling",
)

scenarios("../features")
