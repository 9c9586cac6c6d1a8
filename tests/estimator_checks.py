"""scikit-learn's own checks of an estimator, as cases of a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks


def every_check(estimators: Sequence[Any], **options: Any) -> pytest.MarkDecorator:
    """As `parametrize_with_checks`, whose older releases hand over a generator, which pytest is about to refuse."""
    mark = parametrize_with_checks(list(estimators), **options)
    names, cases = mark.args
    return pytest.mark.parametrize(names, list(cases), **mark.kwargs)
