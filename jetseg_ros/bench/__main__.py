"""``python -m jetseg_ros.bench``."""

import sys

from jetseg_ros.bench.node_bench import main

sys.exit(main())
