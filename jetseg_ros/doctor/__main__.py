"""``python -m jetseg_ros.doctor``."""

import sys

from jetseg_ros.doctor.doctor_command import main

sys.exit(main())
