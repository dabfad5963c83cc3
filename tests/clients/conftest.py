"""Fixtures for those who come from outside."""

from __future__ import annotations

from tests.browser import browser, visit  # noqa: F401  # fixtures
