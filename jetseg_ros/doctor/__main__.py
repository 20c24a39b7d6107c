"""``python -m jetseg_ros.doctor``."""

import sys

from jetseg_ros.doctor.command import main

sys.exit(main())
