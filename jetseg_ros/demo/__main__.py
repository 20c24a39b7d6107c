"""`python -m jetseg_ros.demo`."""

import sys

from jetseg_ros.demo.command import main

sys.exit(main())
