"""Fixtures for the chat in the browser."""

from __future__ import annotations

from tests.browser import browser, visit  # noqa: F401  # fixtures
