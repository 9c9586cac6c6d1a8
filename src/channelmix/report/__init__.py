"""Documents made readable: terminal, HTML, figures and CSV."""

from channelmix.report.csv import to_csv as to_csv
from channelmix.report.terminal.console import to_terminal as to_terminal
from channelmix.report.terminal.fit import fit_to_terminal as fit_to_terminal
