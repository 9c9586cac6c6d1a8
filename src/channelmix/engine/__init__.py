"""The engine: curves and rules in, a proven split out. It knows no company."""
