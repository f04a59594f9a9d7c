"""Speed, as ratios to simple programs measured in the same run. ``python -m benchmarks --help``; see README.md."""
