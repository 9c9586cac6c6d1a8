"""Certification: every claim of a solution recomputed in NumPy, from curves and rules alone."""

from __future__ import annotations

from channelmix.certification.checker import Certificate, verify

__all__ = ["Certificate", "verify"]
