"""Figures as ratios measured side by side in one run; absolute times are printed, not asserted."""
