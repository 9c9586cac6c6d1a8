"""The report as one HTML file: it reads a plan, and works offline, in light and dark, on paper and read aloud."""

from channelmix.report.html.page import to_html as to_html
from channelmix.report.html.page import write_html as write_html
from channelmix.report.html.summary import summary_html as summary_html
