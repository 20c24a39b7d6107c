"""``python -m jetseg_ros.bench_node``."""

import sys

from jetseg_ros.bench_node.command import main

sys.exit(main())
