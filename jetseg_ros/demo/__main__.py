"""`python -m jetseg_ros.demo`."""

import sys

from jetseg_ros.demo.demo_command import main

sys.exit(main())
