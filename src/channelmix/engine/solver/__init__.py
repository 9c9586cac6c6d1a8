"""The search for the best split: the only place that asks CVXPY and HiGHS."""
