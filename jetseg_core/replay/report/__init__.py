"""The report of a replay: figures and page."""
