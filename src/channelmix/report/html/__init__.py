"""The report as one HTML file: it reads a plan, and works offline, in light and dark, on paper and read aloud."""

from __future__ import annotations

from channelmix.report.html.page import to_html, write_html
from channelmix.report.html.summary import summary_html

__all__ = ["summary_html", "to_html", "write_html"]
